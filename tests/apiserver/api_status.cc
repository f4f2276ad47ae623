// SPDX-License-Identifier: Apache-2.0
//
// See api_status.h.
#include "tests/apiserver/api_status.h"

#include <fmt/format.h>

namespace fairlead::apiserver {
namespace {

// The order is that of the fixtures.
Json Details(const Resource& resource, const std::string& name) {
  Json details = Json::object();
  if (!name.empty()) details["name"] = name;
  if (!resource.group.empty()) details["group"] = resource.group;
  details["kind"] = resource.plural;
  return details;
}

}  // namespace

Json ApiStatus::ToJson() const {
  Json status = {{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", metadata},
                 {"status", "Failure"}, {"message", message}, {"reason", reason}};
  if (reason.empty()) status.erase("reason");
  if (!details.is_null()) status["details"] = details;
  status["code"] = code;
  return status;
}

ApiStatus BadRequest(std::string message) {
  return {.code = 400, .reason = "BadRequest", .message = std::move(message)};
}

ApiStatus Unauthorized() {
  return {.code = 401, .reason = "Unauthorized", .message = "Unauthorized"};
}

ApiStatus Forbidden(const std::string& user, std::string_view verb, const Resource& resource,
                    const std::string& space, const std::string& name) {
  const std::string what = name.empty() ? resource.QualifiedName()
                                        : fmt::format("{} \"{}\"", resource.QualifiedName(), name);
  const std::string where =
      space.empty() ? "at the cluster scope" : fmt::format("in the namespace \"{}\"", space);
  return {.code = 403,
          .reason = "Forbidden",
          .message = fmt::format("{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API "
                                 "group \"{}\" {}",
                                 what, user, verb, resource.plural, resource.group, where),
          .details = Details(resource, name)};
}

ApiStatus ForbiddenPath(const std::string& user, std::string_view verb, const std::string& path) {
  return {.code = 403,
          .reason = "Forbidden",
          .message = fmt::format("forbidden: User \"{}\" cannot {} path \"{}\"", user, verb, path),
          .details = Json::object()};
}

ApiStatus NotFound(const Resource& resource, const std::string& name) {
  return {.code = 404,
          .reason = "NotFound",
          .message = fmt::format("{} \"{}\" not found", resource.QualifiedName(), name),
          .details = Details(resource, name)};
}

ApiStatus NoSuchResource() {
  return {.code = 404,
          .reason = "NotFound",
          .message = "the server could not find the requested resource",
          .details = Json::object()};
}

ApiStatus AlreadyExists(const Resource& resource, const std::string& name) {
  return {.code = 409,
          .reason = "AlreadyExists",
          .message = fmt::format("{} \"{}\" already exists", resource.QualifiedName(), name),
          .details = Details(resource, name)};
}

ApiStatus Conflict(const Resource& resource, const std::string& name) {
  return {.code = 409,
          .reason = "Conflict",
          .message = fmt::format("Operation cannot be fulfilled on {} \"{}\": the object has been "
                                 "modified; please apply your changes to the latest version and "
                                 "try again",
                                 resource.QualifiedName(), name),
          .details = Details(resource, name)};
}

ApiStatus MethodNotAllowed() {
  return {.code = 405,
          .reason = "MethodNotAllowed",
          .message = "the server does not allow this method on the requested resource",
          .details = Json::object()};
}

ApiStatus UnsupportedMediaType() {
  return {.code = 415,
          .reason = "UnsupportedMediaType",
          .message =
              "the body of the request was in an unknown format - accepted media types "
              "include: application/json-patch+json, application/merge-patch+json"};
}

ApiStatus InvalidOption(const std::string& field, const std::string& reason,
                        const std::string& message) {
  return {
      .code = 422,
      .reason = "Invalid",
      .message = fmt::format("ListOptions.meta.k8s.io \"\" is invalid: {}: {}", field, message),
      .details = {
          {"group", "meta.k8s.io"},
          {"kind", "ListOptions"},
          {"causes", Json::array({{{"reason", reason}, {"message", message}, {"field", field}}})}}};
}

ApiStatus TooLargeVersion(Version asked, Version current) {
  return {.code = 504,
          .reason = "Timeout",
          .message = fmt::format("Too large resource version: {}, current: {}", asked, current),
          .details = {{"causes", Json::array({{{"reason", "ResourceVersionTooLarge"},
                                               {"message", "Too large resource version"}}})},
                      {"retryAfterSeconds", 1}}};
}

ApiStatus TooOldVersion(Version asked, Version oldest) {
  return {.code = 410,
          .reason = "Expired",
          .message = fmt::format("too old resource version: {} ({})", asked, oldest)};
}

ApiStatus ExpiredList() {
  return {.code = 410,
          .reason = "Expired",
          .message = "The resourceVersion for the provided list is too old."};
}

ApiStatus ExpiredContinue(const std::string& rest) {
  return {.code = 410,
          .reason = "Expired",
          .message =
              "The provided continue parameter is too old to display a consistent list result. You "
              "can start a new list without the continue parameter, or use the continue token in "
              "this response to retrieve the remainder of the results. Continuing with the "
              "provided token results in an inconsistent list - objects that were created, "
              "modified, or deleted between the time the first chunk was returned and now may show "
              "up in the list.",
          .metadata = {{"continue", rest}}};
}

ApiStatus WatchListDisabled() {
  return {.code = 500,
          .reason = "InternalError",
          .message =
              "a watch stream was requested by the client but the required storage feature "
              "RequestWatchProgress is disabled"};
}

ApiStatus Trouble(int code, int retry_after) {
  switch (code) {
    case 429:
      return {.code = code,
              .reason = "TooManyRequests",
              .message = "Too many requests, please try again later.",
              .details = {{"retryAfterSeconds", retry_after}}};
    case 503:
      return {.code = code,
              .reason = "ServiceUnavailable",
              .message = "the server is currently unable to handle the request"};
    case 504:
      return {.code = code,
              .reason = "Timeout",
              .message =
                  "Timeout: request did not complete within requested timeout - context "
                  "deadline exceeded",
              .details = Json::object()};
    default:
      return {.code = code,
              .reason = "InternalError",
              .message = "Internal error occurred: an injected fault",
              .details = {{"causes", Json::array({{{"message", "an injected fault"}}})}}};
  }
}

}  // namespace fairlead::apiserver
