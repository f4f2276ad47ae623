// SPDX-License-Identifier: Apache-2.0
#include "bench/services/kube_proxy_names.h"

#include <fmt/format.h>
#include <openssl/sha.h>

namespace fairlead::bench {
namespace {

constexpr size_t kNftablesLetters = 8;
constexpr size_t kIptablesLetters = 16;

// The first letters of a SHA-256 in base 32 (RFC 4648). 16 of them take 80 bits.
std::string Hash(const std::string& text, size_t letters) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  constexpr unsigned kBitsPerLetter = 5;
  std::string hash;
  for (size_t bit = 0; hash.size() < letters; bit += kBitsPerLetter) {
    const unsigned pair = static_cast<unsigned>(digest[bit / 8]) << 8 | digest[bit / 8 + 1];
    hash += kAlphabet[pair >> (16 - kBitsPerLetter - bit % 8) & 31];
  }
  return hash;
}

}  // namespace

std::string NameOf(const Service& service) {
  return fmt::format("default/{}{}{}", service.name, service.port_name.empty() ? "" : ":",
                     service.port_name);
}

std::string NftablesName(const Service& service) {
  const std::string name = fmt::format("default/{}/tcp/{}", service.name, service.port_name);
  return Hash(name, kNftablesLetters) + "-" + name;
}

std::string IptablesName(const Service& service) {
  return Hash(NameOf(service) + "tcp", kIptablesLetters);
}

std::string IptablesName(const Service& service, const Endpoint& endpoint) {
  return Hash(NameOf(service) + "tcp" + endpoint.ToString(), kIptablesLetters);
}

}  // namespace fairlead::bench
