/*
 * Why the hub reads JSON with a reader of its own: connectors/format/json beside simdjson, in one run.
 *
 * json       our tree: places, number texts, duplicate names and half surrogates refused, all validated
 * on-demand  simdjson visiting every value and unescaping every string: no duplicate check, no tree
 * dom        simdjson's tree: no places, no number texts, decimals rounded, integers over 64 bits refused
 *
 * usage: json_readers FILE.json [ROUNDS]
 * Prints nanoseconds a document: the median of the interleaved rounds.
 */
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

extern "C" {
#include "connectors/format/json.h"
}

namespace {

constexpr int LOOPS = 20000;

struct pool {
  std::vector<char> bytes = std::vector<char>(1 << 20);
  size_t used = 0;
};

void *pool_alloc(void *context, size_t size) {
  pool *memory = static_cast<pool *>(context);
  char *at = memory->bytes.data() + memory->used;
  memory->used += (size + 15) / 16 * 16;
  std::fill(at, at + size, 0);
  return at;
}

size_t visit(simdjson::ondemand::value value) {
  size_t seen = 1;
  switch (value.type()) {
    case simdjson::ondemand::json_type::object:
      for (auto field : value.get_object()) {
        seen += std::string_view(field.unescaped_key()).size();
        seen += visit(field.value());
      }
      break;
    case simdjson::ondemand::json_type::array:
      for (auto element : value.get_array()) seen += visit(element.value());
      break;
    case simdjson::ondemand::json_type::string: seen += std::string_view(value.get_string()).size(); break;
    default: seen += std::string_view(value.raw_json_token()).size(); break;
  }
  return seen;
}

size_t sink;

void read_ours(const simdjson::padded_string &text) {
  static pool memory;
  memory.used = 0;
  allocator allocator = {pool_alloc, &memory};
  const json *root = nullptr;
  json_error error;
  if (json_read(&allocator, text.data(), text.size(), &root, &error) != 0) std::abort();
  sink += root->length;
}

void read_on_demand(const simdjson::padded_string &text) {
  static simdjson::ondemand::parser parser;
  simdjson::ondemand::document document = parser.iterate(text);
  sink += visit(document.get_value());
}

void read_dom(const simdjson::padded_string &text) {
  static simdjson::dom::parser parser;
  simdjson::dom::element root = parser.parse(text);
  sink += root.is_object();
}

double nanoseconds(void (*read)(const simdjson::padded_string &), const simdjson::padded_string &text) {
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < LOOPS; i++) read(text);
  std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
  return time.count() / LOOPS;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: json_readers FILE.json [ROUNDS]\n");
    return 2;
  }
  simdjson::padded_string text;
  if (simdjson::padded_string::load(argv[1]).get(text) != simdjson::SUCCESS) {
    std::fprintf(stderr, "json_readers: %s cannot be read\n", argv[1]);
    return 3;
  }
  const int rounds = argc > 2 ? std::max(1, static_cast<int>(std::strtol(argv[2], nullptr, 10))) : 9;
  struct contestant {
    const char *name;
    void (*read)(const simdjson::padded_string &);
    std::vector<double> times;
  } contestants[] = {{"json", read_ours, {}}, {"on-demand", read_on_demand, {}}, {"dom", read_dom, {}}};
  for (int round = 0; round < rounds; round++) {
    for (auto &contestant : contestants) contestant.times.push_back(nanoseconds(contestant.read, text));
  }
  std::printf("%s, %zu bytes, %d rounds of %d\n", argv[1], text.size(), rounds, LOOPS);
  for (auto &contestant : contestants) {
    std::sort(contestant.times.begin(), contestant.times.end());
    std::printf("%-10s median %6.0f ns  [%.0f .. %.0f]\n", contestant.name, contestant.times[rounds / 2],
                contestant.times.front(), contestant.times.back());
  }
  return sink == 0;
}
