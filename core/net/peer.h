/*
 * peer.h: the other end of a connection.
 */
#ifndef CORE_NET_PEER_H
#define CORE_NET_PEER_H

#include <stdint.h>

struct net_peer {
  uint8_t address[16]; /* IPv6, or IPv4 mapped */
  uint16_t port;
};

#endif
