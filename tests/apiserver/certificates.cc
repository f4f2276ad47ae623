// SPDX-License-Identifier: Apache-2.0
//
// See certificates.h.
#include "tests/apiserver/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/ip.h"

namespace fairlead::apiserver {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bytes = std::unique_ptr<BIO, Free<&BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Free<&EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<&X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<&X509_EXTENSION_free>>;

constexpr long kLifetimeSeconds = 10L * 365 * 24 * 3600;
constexpr long kBackdatedSeconds = -3600;  // clocks of test machines differ
constexpr long kVersion3 = 2;

std::string TextOf(BIO* bytes) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bytes, &data);
  return {data, static_cast<size_t>(size)};
}

absl::StatusOr<KeyPair> InPem(X509* certificate, EVP_PKEY* key) {
  const Bytes certificate_bytes(BIO_new(BIO_s_mem()));
  const Bytes key_bytes(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_bytes.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(key_bytes.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return absl::InternalError("write a certificate as PEM");
  }
  return KeyPair{TextOf(certificate_bytes.get()), TextOf(key_bytes.get())};
}

void SetName(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Unsigned, valid for long, with a random serial number.
Certificate Blank(const std::string& name, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), kVersion3);
  uint32_t serial = 1;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), kBackdatedSeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kLifetimeSeconds);
  X509_set_pubkey(certificate.get(), key);
  SetName(X509_get_subject_name(certificate.get()), name);
  return certificate;
}

absl::StatusOr<KeyPair> Issue(const KeyPair& authority, const std::string& name,
                              const std::string& usage, const std::string& alternative_names) {
  const Bytes certificate_pem(BIO_new_mem_buf(authority.certificate.data(),
                                              static_cast<int>(authority.certificate.size())));
  const Bytes key_pem(
      BIO_new_mem_buf(authority.key.data(), static_cast<int>(authority.key.size())));
  const Certificate issuer(PEM_read_bio_X509(certificate_pem.get(), nullptr, nullptr, nullptr));
  const Key issuer_key(PEM_read_bio_PrivateKey(key_pem.get(), nullptr, nullptr, nullptr));
  const Key key(EVP_EC_gen("P-256"));
  if (!issuer || !issuer_key || !key) return absl::InternalError("read the authority's key");
  const Certificate certificate = Blank(name, key.get());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  bool ok =
      AddExtension(certificate.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      AddExtension(certificate.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") &&
      AddExtension(certificate.get(), issuer.get(), NID_ext_key_usage, usage);
  if (!alternative_names.empty()) {
    ok = ok &&
         AddExtension(certificate.get(), issuer.get(), NID_subject_alt_name, alternative_names);
  }
  if (!ok || X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()) == 0) {
    return absl::InternalError("sign a certificate for " + name);
  }
  return InPem(certificate.get(), key.get());
}

}  // namespace

absl::StatusOr<Authority> Authority::Make(const std::string& name) {
  const Key key(EVP_EC_gen("P-256"));
  if (!key) return absl::InternalError("make a key");
  const Certificate certificate = Blank(name, key.get());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  X509* const own = certificate.get();
  if (!AddExtension(own, own, NID_basic_constraints, "critical,CA:TRUE") ||
      !AddExtension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(own, own, NID_subject_key_identifier, "hash") ||
      X509_sign(own, key.get(), EVP_sha256()) == 0) {
    return absl::InternalError("sign an authority's certificate");
  }
  auto pair = InPem(own, key.get());
  if (!pair.ok()) return pair.status();
  return Authority(*std::move(pair));
}

absl::StatusOr<Authority> Authority::Load(KeyPair pair) {
  const auto tried = Issue(pair, "try", "clientAuth", "");
  if (!tried.ok()) return tried.status();
  return Authority(std::move(pair));
}

absl::StatusOr<KeyPair> Authority::IssueServer(const std::vector<std::string>& names) const {
  std::string alternative;
  for (const std::string& name : names) {
    if (!alternative.empty()) alternative += ',';
    alternative += (IpAddress::Parse(name).ok() ? "IP:" : "DNS:") + name;
  }
  return Issue(pair_, names.empty() ? "nobody" : names.front(), "serverAuth", alternative);
}

absl::StatusOr<KeyPair> Authority::IssueClient(const std::string& user) const {
  return Issue(pair_, user, "clientAuth", "");
}

}  // namespace fairlead::apiserver
