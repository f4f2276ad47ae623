// SPDX-License-Identifier: Apache-2.0
//
// See api.h.
#include "tests/apiserver/api.h"

#include <vector>

#include "tests/apiserver/discovery.h"

namespace fairlead::apiserver {
namespace {

// Whoever asks by hand gets it indented.
bool WantsPretty(const Request& request, const Target& target) {
  if (target.Has("pretty")) {
    return target.Option("pretty") != "false" && target.Option("pretty") != "0";
  }
  const std::string agent = request.Header("user-agent");
  return agent.starts_with("curl") || agent.starts_with("Wget") || agent.starts_with("Mozilla/5.0");
}

std::vector<std::string> Segments(const std::string& path) {
  std::vector<std::string> segments;
  for (size_t begin = 1; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    segments.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

// As Go sorts them; the two of flow control are empty or a UID on a real server.
Answer WithHeaders(Answer answer, bool flow_control, bool sniff = true) {
  std::vector<std::pair<std::string, std::string>> headers = {
      {"Audit-Id", MakeUid()}, {"Cache-Control", "no-cache, private"}};
  headers.insert(headers.end(), answer.headers.begin(), answer.headers.end());
  if (!sniff) headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (flow_control) {
    headers.emplace_back("X-Kubernetes-Pf-Flowschema-Uid", "");
    headers.emplace_back("X-Kubernetes-Pf-Prioritylevel-Uid", "");
  }
  answer.headers = std::move(headers);
  return answer;
}

Answer JsonAnswer(int code, const std::string& compact, bool pretty) {
  return TextAnswer(code, "application/json", pretty ? Indented(compact) : compact + "\n");
}

Answer StatusAnswer(const ApiStatus& status, bool pretty, int retry_after = 0) {
  Answer answer = JsonAnswer(status.code, CompactText(status.ToJson()), pretty);
  if (retry_after > 0) answer.headers.emplace_back("Retry-After", std::to_string(retry_after));
  return WithHeaders(std::move(answer), status.code != 401, status.code != 403);
}

Answer StreamAnswer(std::unique_ptr<Body> body) {
  Answer answer{.code = 200, .headers = {{"Content-Type", "application/json"}}};
  answer.body = std::move(body);
  return WithHeaders(std::move(answer), true);
}

// A single object is asked for by its name.
std::string VerbOf(const std::string& method, bool named, const Target& target) {
  if (method == "POST") return named ? "" : "create";
  if (method == "PUT") return named ? "update" : "";
  if (method == "PATCH") return named ? "patch" : "";
  if (method == "DELETE") return named ? "delete" : "";
  if (method != "GET") return "";
  if (named) return "get";
  const std::string watch = target.Option("watch");
  return watch == "true" || watch == "1" ? "watch" : "list";
}

}  // namespace

std::optional<Api::Route> Api::FindRoute(const Request& request, const Target& target) const {
  const std::vector<std::string> path = Segments(target.path);
  size_t at = 0;
  std::string group;
  if (path.size() > 2 && path[0] == "api") {
    at = 1;
  } else if (path.size() > 3 && path[0] == "apis") {
    group = path[1];
    at = 2;
  } else {
    return std::nullopt;
  }
  const std::string version = path[at++];
  Route route;
  // …/namespaces/shop/services, but …/namespaces/shop is an object.
  if (path[at] == "namespaces" && path.size() > at + 2) {
    route.place.space = path[at + 1];
    at += 2;
  }
  const Resource* resource = FindResource(group, version, path[at]);
  if (resource == nullptr || options_.not_served.contains(path[at])) return std::nullopt;
  route.place.resource = resource;
  if (path.size() > ++at) route.place.name = path[at++];
  if (path.size() > at && path[at] == "status" && resource->has_status) {
    route.place.status = true;
    ++at;
  }
  if (path.size() > at) return std::nullopt;
  route.verb = VerbOf(request.method, !route.place.name.empty(), target);
  return route;
}

Answer Api::Ask(const Request& request) {
  const auto target = ParseTarget(request.target);
  if (!target.ok()) return TextAnswer(400, "text/plain; charset=utf-8", "400 Bad Request");
  const bool pretty = WantsPretty(request, *target);
  const std::optional<std::string> user = access_.UserOf(request);
  if (!user) return StatusAnswer(Unauthorized(), pretty);
  const std::string& path = target->path;
  if (path == "/healthz" || path == "/livez" || path == "/readyz") {
    return TextAnswer(200, "text/plain; charset=utf-8", "ok");
  }
  if (const auto route = FindRoute(request, *target)) {
    return AskResource(request, *target, *route, *user);
  }
  if (*user == kAnonymous && path != "/version") {
    return StatusAnswer(ForbiddenPath(*user, "get", path), pretty);
  }
  if (const auto discovered = Discover(path)) {
    return WithHeaders(JsonAnswer(200, CompactText(*discovered), pretty), true);
  }
  if (path.starts_with("/api/v1/") || path.starts_with("/apis/networking.k8s.io/v1/")) {
    return StatusAnswer(NoSuchResource(), pretty);
  }
  return TextAnswer(404, "text/plain; charset=utf-8", "404 page not found\n");
}

Answer Api::AskResource(const Request& request, const Target& target, const Route& route,
                        const std::string& user) {
  const bool pretty = WantsPretty(request, target);
  const Resource& resource = *route.place.resource;
  const std::string plural(resource.plural);
  if (route.verb.empty()) return StatusAnswer(MethodNotAllowed(), pretty);
  if (const auto refusal = faults_.TakeRefusal(plural, route.is_watch())) {
    if (refusal->code == 401) return StatusAnswer(Unauthorized(), pretty);
    const ApiStatus status = refusal->code == 403
                                 ? Forbidden(user, route.verb, resource, route.place.space, "")
                                 : Trouble(refusal->code, refusal->retry_after);
    return StatusAnswer(status, pretty, refusal->retry_after);
  }
  if (!access_.May(user, route.verb, plural)) {
    return StatusAnswer(Forbidden(user, route.verb, resource, route.place.space, route.place.name),
                        pretty);
  }
  Answer answer = route.verb == "get" || route.verb == "list" || route.is_watch()
                      ? Read(target, route, pretty)
                      : Write(request, route, pretty);
  answer.body = faults_.Wrap(std::move(answer.body), plural, route.is_watch());
  return answer;
}

Answer Api::Read(const Target& target, const Route& route, bool pretty) {
  const Place& place = route.place;
  if (route.verb == "get") {
    const ObjectPtr object = store_.Find(*place.resource, place.Key());
    if (!object) return StatusAnswer(NotFound(*place.resource, place.name), pretty);
    return WithHeaders(JsonAnswer(200, WithKind(*place.resource, object->text), pretty), true);
  }
  const auto made = MakeCollection(*place.resource, place.space, target);
  if (const auto* refused = std::get_if<ApiStatus>(&made)) return StatusAnswer(*refused, pretty);
  const auto& collection = std::get<Collection>(made);
  auto body = route.is_watch() ? MakeWatch(store_, collection, target, options_.watch)
                               : MakeList(store_, collection, target, pretty);
  if (const auto* refused = std::get_if<ApiStatus>(&body)) {
    const bool later = refused->code == 504;
    return StatusAnswer(*refused, pretty, later ? 1 : 0);
  }
  return StreamAnswer(std::move(std::get<std::unique_ptr<Body>>(body)));
}

Answer Api::Write(const Request& request, const Route& route, bool pretty) {
  const auto write = [&]() -> WrittenOrStatus {
    if (route.verb == "create") return Create(store_, route.place, request);
    if (route.verb == "update") return Replace(store_, route.place, request);
    if (route.verb == "patch") return Patch(store_, route.place, request);
    return Delete(store_, route.place);
  };
  const WrittenOrStatus written = write();
  if (const auto* refused = std::get_if<ApiStatus>(&written)) return StatusAnswer(*refused, pretty);
  const auto& done = std::get<Written>(written);
  return WithHeaders(JsonAnswer(done.code, done.text, pretty), true);
}

}  // namespace fairlead::apiserver
