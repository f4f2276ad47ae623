// SPDX-License-Identifier: Apache-2.0
#include "loader/api/server_url.h"

#include <gtest/gtest.h>

#include "loader/api/proxy_choice.h"

namespace fairlead::api {
namespace {

TEST(AServerUrl, IsReadAndWrittenInOneForm) {
  const std::pair<const char*, const char*> forms[] = {
      {"https://10.0.0.1:6443", "https://10.0.0.1:6443"},
      {"https://10.0.0.1", "https://10.0.0.1:443"},
      {"10.0.0.1:6443", "https://10.0.0.1:6443"},
      {"api.example", "https://api.example:443"},
      {"HTTPS://api.example/", "https://api.example:443"},
      {"http://localhost:8001", "http://localhost:8001"},
      {"https://[fd00::1]:6443", "https://[fd00::1]:6443"},
      {"https://[fd00::1]", "https://[fd00::1]:443"},
      {"https://lb/k8s/clusters/a/", "https://lb:443/k8s/clusters/a"},
  };
  for (const auto& [text, form] : forms) {
    const auto url = ParseServerUrl(text);
    ASSERT_TRUE(url.ok()) << url.status();
    EXPECT_EQ(url->ToString(), form);
  }
}

TEST(AServerUrl, IsNothingElse) {
  for (const char* text :
       {"", "https://", "ftp://a", "https://user:pw@a", "https://a?x=1", "https://a#x",
        "https://a:0", "https://a:99999", "https://a:b", "https://[fd00::1",
        "https://[fe80::1%25eth0]", "https://a b", "https://a\r\nb"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseServerUrl(text).status())) << text;
  }
}

struct Way {
  const char* server;
  const char* no_proxy;
  bool direct;
};

TEST(AProxyOfTheEnvironment, IsLeftOutAsGoLeavesItOut) {
  const Way ways[] = {
      {"https://api.example", "", false},
      {"https://localhost:6443", "", true},
      {"https://127.0.0.1:6443", "", true},
      {"https://[::1]:6443", "", true},
      {"https://api.example", "*", true},
      {"https://api.example", "other.example, Example", true},
      {"https://api.example", "pi.example", false},
      {"https://api.example", ".example", true},
      {"https://example", ".example", false},
      {"https://api.example", "*.example", true},
      {"https://api.example:6443", "api.example:6443", true},
      {"https://api.example:6443", "api.example:443", false},
      {"https://10.1.2.3:6443", "10.0.0.0/8", true},
      {"https://11.1.2.3:6443", "10.0.0.0/8", false},
      {"https://10.1.2.3:6443", "10.1.2.3", true},
      {"https://10.1.2.3:6443", "10.1.2.3:6443", true},
      {"https://10.1.2.3:6443", "2.3", false},
      {"https://[fd00::1]:6443", "fd00::/8", true},
      {"https://[fd00::1]:6443", "[fd00::1]:6443", true},
      {"https://[fd00::1]:6443", "[fd00::1]:1", false},
      {"https://[fd00::1]:6443", ",,fd00::1,", true},
  };
  for (const Way& way : ways) {
    const ProxyEnvironment environment{.https_proxy = "http://proxy:3128",
                                       .no_proxy = way.no_proxy};
    EXPECT_EQ(ChooseProxy(*ParseServerUrl(way.server), environment),
              way.direct ? "" : "http://proxy:3128")
        << way.server << " NO_PROXY=" << way.no_proxy;
  }
}

TEST(AProxyOfTheEnvironment, IsThatOfTheScheme) {
  const ProxyEnvironment environment{.https_proxy = "http://s", .http_proxy = "http://p"};
  EXPECT_EQ(ChooseProxy(*ParseServerUrl("https://a"), environment), "http://s");
  EXPECT_EQ(ChooseProxy(*ParseServerUrl("http://a"), environment), "http://p");
}

}  // namespace
}  // namespace fairlead::api
