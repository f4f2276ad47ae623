// SPDX-License-Identifier: Apache-2.0
//
// fairlead-apiserver: the tests' API server as a program, for labs and for trying
// things by hand. It is no Kubernetes: objects are stored as they come.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/durable_file.h"
#include "base/status_macros.h"
#include "lab/files.h"
#include "loader/http/listen.h"
#include "tests/apiserver/api_server.h"
#include "tests/apiserver/control.h"
#include "tests/apiserver/kubeconfig_text.h"
#include "tests/apiserver/mirror.h"
#include "tests/apiserver/state_file.h"

namespace fairlead::apiserver {
namespace {

constexpr uint16_t kDefaultPort = 6443;

struct Flags {
  std::string folder, url, mirror;
  std::vector<std::string> listen = {"127.0.0.1:6443"};
  size_t window = 100'000;
  bool no_watch_list = false;
};

std::string At(const Flags& flags, const std::string& file) { return flags.folder + "/" + file; }

// What a server needs before it listens; made once, kept in the folder.
absl::StatusOr<Authority> ReadAuthority(const Flags& flags) {
  const auto certificate = lab::ReadFile(At(flags, "authority.crt"));
  const auto key = lab::ReadFile(At(flags, "authority.key"));
  if (certificate.ok() && key.ok()) return Authority::Load({*certificate, *key});
  FL_ASSIGN_OR_RETURN(Authority authority, Authority::Make("fairlead-apiserver"));
  FL_RETURN_IF_ERROR(WriteFileDurably(At(flags, "authority.key"), authority.pair().key));
  FL_RETURN_IF_ERROR(WriteFileDurably(At(flags, "authority.crt"), authority.certificate()));
  return authority;
}

absl::StatusOr<std::string> ReadToken(const Flags& flags) {
  if (const auto token = lab::ReadFile(At(flags, "token")); token.ok()) return *token;
  const std::string token = MakeUid();
  FL_RETURN_IF_ERROR(WriteFileDurably(At(flags, "token"), token));
  return token;
}

absl::Status Prepare(const Flags& flags) {
  FL_RETURN_IF_ERROR(lab::MakeDirectories(flags.folder));
  FL_ASSIGN_OR_RETURN(const Authority authority, ReadAuthority(flags));
  FL_ASSIGN_OR_RETURN(const std::string token, ReadToken(flags));
  const std::string text =
      KubeconfigText({.server = flags.url, .authority = authority.certificate(), .token = token});
  FL_RETURN_IF_ERROR(WriteFileDurably(At(flags, "kubeconfig"), text));
  fmt::print("{}\n", At(flags, "kubeconfig"));
  return absl::OkStatus();
}

absl::StatusOr<ServerOptions> OptionsOf(const Flags& flags) {
  ServerOptions options;
  options.api.window = flags.window;
  if (flags.no_watch_list) options.api.watch.watch_list = WatchListSupport::kNoFeature;
  for (const std::string& text : flags.listen) {
    FL_ASSIGN_OR_RETURN(const auto where, http::ParseBindAddress(text, kDefaultPort));
    if (where) options.listen.push_back(*where);
  }
  FL_ASSIGN_OR_RETURN(options.authority, ReadAuthority(flags));
  return options;
}

absl::Status Serve(const Flags& flags) {
  FL_RETURN_IF_ERROR(lab::MakeDirectories(flags.folder));
  FL_ASSIGN_OR_RETURN(ServerOptions options, OptionsOf(flags));
  // Set once there is a store to mirror into.
  std::optional<Mirror> mirror;
  options.on_tick = [&mirror] {
    if (mirror) mirror->Look();
  };
  FL_ASSIGN_OR_RETURN(const auto server, ApiServer::Create(options));
  FL_ASSIGN_OR_RETURN(const std::string token, ReadToken(flags));
  server->api().access().AddToken(token, "system:admin");
  FL_ASSIGN_OR_RETURN(const auto state,
                      StateFile::Open(At(flags, "state.jsonl"), server->api().store()));
  FL_RETURN_IF_ERROR(server->ServeUnix(At(flags, "control.sock"), ControlHandler(*server)));
  if (!flags.mirror.empty()) {
    mirror.emplace(flags.mirror, server->api().store());
    mirror->Look();
  }
  fmt::print("{}\n", server->Url());
  std::fflush(stdout);
  return server->Run();
}

int Main(int argc, char** argv) {
  CLI::App app("fairlead-apiserver: an API server for tests and labs");
  Flags flags;
  std::function<absl::Status()> action;
  app.require_subcommand(1);
  CLI::App* prepare =
      app.add_subcommand("prepare", "Make an authority, a token and DIR/kubeconfig with both");
  prepare->add_option("folder", flags.folder, "Where the server keeps its things")->required();
  prepare->add_option("--url", flags.url, "Where clients will find it")->required();
  prepare->callback([&] { action = [&] { return Prepare(flags); }; });
  CLI::App* serve = app.add_subcommand("serve", "Serve until stopped; faults by DIR/control.sock");
  serve->add_option("folder", flags.folder, "Where it keeps its things; also its objects")
      ->required();
  serve->add_option("--listen", flags.listen, "ADDRESS:PORT, may be repeated")
      ->capture_default_str();
  serve->add_option("--mirror", flags.mirror, "Folder of manifests whose objects are served");
  serve->add_option("--window", flags.window, "Changes of each kind that watches can go back")
      ->capture_default_str();
  serve->add_flag("--no-watch-list", flags.no_watch_list, "Be older: refuse sendInitialEvents");
  serve->callback([&] { action = [&] { return Serve(flags); }; });
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = action();
  if (status.ok()) return 0;
  fmt::print(stderr, "fairlead-apiserver: {}\n", std::string(status.message()));
  return 1;
}

}  // namespace
}  // namespace fairlead::apiserver

int main(int argc, char** argv) { return fairlead::apiserver::Main(argc, argv); }
