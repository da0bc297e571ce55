/*
 * Proving the sender of a request from its connection and head.
 *
 * Every hash of a key file is compared, whatever matched before, so that the time says nothing about which
 * key or how much of one was right. Addresses are compared as IPv6, IPv4 as mapped ones; an IPv6 network
 * never proves an IPv4 peer, however wide it is. Further ways (certificates, signatures, logins) become
 * further functions beside proves().
 */
#define OPENSSL_API_COMPAT 0x10100000L /* SHA256_Init and its fellows, without the deprecation */

#include "core/net/auth.h"

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "core/config/secret.h"
#include "core/net/http_head.h"

struct network {
  uint8_t address[16];
  unsigned bits;
  bool v4;
};

struct way {
  struct way *next;
  enum config_auth_kind kind;
  char *header; /* lower case */
  struct secret_hash *hashes;
  size_t hashes_count;
  struct network *networks;
  size_t networks_count;
};

struct auth {
  struct way *ways;
};

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const uint8_t address[16]) { return memcmp(address, v4_mapped, sizeof v4_mapped) == 0; }

void auth_free(struct auth *auth) {
  if (auth == NULL) return;
  while (auth->ways != NULL) {
    struct way *way = auth->ways;
    auth->ways = way->next;
    free(way->header);
    free(way->hashes);
    free(way->networks);
    free(way);
  }
  free(auth);
}

/* ADDRESS or ADDRESS/BITS. NULL: read; else what is wrong with it. */
static const char *parse_network(const char *text, struct network *ret) {
  char host[INET6_ADDRSTRLEN];
  const char *slash = strchr(text, '/');
  size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
  if (length >= sizeof host) return "is not an address";
  memcpy(host, text, length);
  host[length] = '\0';
  *ret = (struct network){0};
  memcpy(ret->address, v4_mapped, sizeof v4_mapped);
  bool four = inet_pton(AF_INET, host, ret->address + 12) == 1;
  if (!four && inet_pton(AF_INET6, host, ret->address) != 1) return "is not an IPv4 or IPv6 address";
  unsigned most = four ? 32 : 128, bits = most;
  if (slash != NULL) {
    char *end;
    unsigned long value = strtoul(slash + 1, &end, 10);
    if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || value > most)
      return "has no valid number of bits after '/'";
    bits = (unsigned)value;
  }
  ret->bits = bits + (four ? 96 : 0);
  ret->v4 = is_v4(ret->address) && ret->bits >= 96;
  for (unsigned bit = ret->bits; bit < 128; bit++)
    if ((ret->address[bit / 8] & (0x80 >> bit % 8)) != 0)
      return "has bits set behind its prefix; write the network's own address";
  return NULL;
}

static int read_networks(const struct config_auth *config, const char *item, struct config_errors *errors,
                         struct way *way) {
  size_t count = config->networks == NULL ? 0 : config->networks->count;
  way->networks = calloc(MAX(count, (size_t)1), sizeof *way->networks);
  if (way->networks == NULL) return -ENOMEM;
  if (count == 0)
    config_error(errors, config->mark, item, "network: names no network; write 10.0.0.0/8 or the like");
  for (size_t i = 0; i < count; i++) {
    const char *text = config->networks->items[i];
    const char *wrong = parse_network(text, &way->networks[way->networks_count]);
    if (wrong != NULL) config_error(errors, config->mark, item, "network %s %s", text, wrong);
    else way->networks_count++;
  }
  return 0;
}

static int read_api_key(const struct config_auth *config, const char *item, struct config_errors *errors,
                        struct way *way) {
  if (config->header == NULL || !http_text_is_token(text_of(config->header))) {
    config_error(errors, config->mark, item,
                 "api_key: header is not the name of a header; write X-Api-Key or the like");
    return 0;
  }
  way->header = strdup(config->header);
  if (way->header == NULL) return -ENOMEM;
  for (char *c = way->header; *c != '\0'; c++)
    if (*c >= 'A' && *c <= 'Z') *c = (char)(*c | 0x20);
  if (config->file == NULL) {
    config_error(errors, config->mark, item, "api_key: no file of keys");
    return 0;
  }
  int r = secret_hashes_load(config->file, config->mark, item, errors, &way->hashes, &way->hashes_count);
  return r == SECRET_E_INVALID ? 0 : r;
}

int auth_new(const struct config_auth *config, const char *item, struct config_errors *errors,
             struct auth **ret_auth) {
  struct auth *auth cleanup(auth_freep) = calloc(1, sizeof *auth);
  if (auth == NULL) return -ENOMEM;
  for (struct way **end = &auth->ways; config != NULL; config = config->next) {
    struct way *way = *end = calloc(1, sizeof *way);
    if (way == NULL) return -ENOMEM;
    end = &way->next;
    way->kind = config->kind;
    int r = way->kind == CONFIG_AUTH_API_KEY ? read_api_key(config, item, errors, way)
                                             : read_networks(config, item, errors, way);
    if (r != 0) return r;
  }
  *ret_auth = TAKE(auth);
  return 0;
}

static bool api_key_proves(const struct way *way, const struct http_request *request) {
  bool many;
  uint8_t digest[SHA256_DIGEST_LENGTH];
  const struct text *key = way->header == NULL ? NULL : http_header(request->head, way->header, &many);
  if (key == NULL || many || key->length == 0) return false;
  SHA256_CTX hash; /* SHA256() looks its algorithm up by name each time, at the price of ten such keys */
  SHA256_Init(&hash);
  SHA256_Update(&hash, key->data, key->length);
  SHA256_Final(digest, &hash);
  unsigned found = 0;
  for (size_t i = 0; i < way->hashes_count; i++)
    found |= CRYPTO_memcmp(digest, way->hashes[i].sha256, sizeof digest) == 0;
  return found != 0;
}

static bool network_holds(const struct network *network, const uint8_t address[16]) {
  if (network->v4 != is_v4(address)) return false;
  unsigned bytes = network->bits / 8, rest = network->bits % 8;
  if (memcmp(network->address, address, bytes) != 0) return false;
  return rest == 0 || ((network->address[bytes] ^ address[bytes]) >> (8 - rest)) == 0;
}

static bool network_proves(const struct way *way, const struct net_peer *peer) {
  for (size_t i = 0; i < way->networks_count; i++)
    if (network_holds(&way->networks[i], peer->address)) return true;
  return false;
}

bool auth_knows_peer(const struct auth *auth, const struct net_peer *peer) {
  for (const struct way *way = auth->ways; way != NULL; way = way->next)
    if (way->kind == CONFIG_AUTH_NETWORK && network_proves(way, peer)) return true;
  return false;
}

static bool proves(const struct way *way, const struct http_request *request) {
  switch (way->kind) {
    case CONFIG_AUTH_API_KEY: return api_key_proves(way, request);
    case CONFIG_AUTH_NETWORK: return network_proves(way, &request->peer);
  }
  return false;
}

bool auth_check(const struct auth *auth, const struct http_request *request,
                struct http_refusal *reterr_refusal) {
  bool credential = false;
  for (const struct way *way = auth->ways; way != NULL; way = way->next) {
    if (proves(way, request)) return true;
    credential |= way->kind == CONFIG_AUTH_API_KEY;
  }
  *reterr_refusal =
      credential ? (struct http_refusal){.status = 401,
                                         .code = "unauthorized",
                                         .authenticate = "ApiKey",
                                         .detail = "no valid credential of this source came with the request"}
                 : (struct http_refusal){.status = 403,
                                         .code = "forbidden",
                                         .detail = "this source does not take requests from this address"};
  return false;
}
