// SPDX-License-Identifier: Apache-2.0
//
// What the server says when it cannot do what was asked: Status objects, in the
// words of a kube-apiserver.
#ifndef FAIRLEAD_TESTS_APISERVER_API_STATUS_H_
#define FAIRLEAD_TESTS_APISERVER_API_STATUS_H_

#include <string>
#include <string_view>

#include "tests/apiserver/json_text.h"
#include "tests/apiserver/resource.h"
#include "tests/apiserver/store.h"

namespace fairlead::apiserver {

struct ApiStatus {
  int code = 0;
  std::string reason = {};
  std::string message = {};
  Json details = nullptr;  // null: none
  Json metadata = Json::object();

  Json ToJson() const;
};

ApiStatus BadRequest(std::string message);
ApiStatus Unauthorized();
// `verb` as in RBAC; empty name and space: all of them.
ApiStatus Forbidden(const std::string& user, std::string_view verb, const Resource& resource,
                    const std::string& space, const std::string& name);
ApiStatus ForbiddenPath(const std::string& user, std::string_view verb, const std::string& path);
ApiStatus NotFound(const Resource& resource, const std::string& name);
ApiStatus NoSuchResource();
ApiStatus AlreadyExists(const Resource& resource, const std::string& name);
ApiStatus Conflict(const Resource& resource, const std::string& name);
ApiStatus MethodNotAllowed();
ApiStatus UnsupportedMediaType();
// One of the options of a list or watch; `reason` as "FieldValueForbidden".
ApiStatus InvalidOption(const std::string& field, const std::string& reason,
                        const std::string& message);
ApiStatus TooLargeVersion(Version asked, Version current);
ApiStatus TooOldVersion(Version asked, Version oldest);
ApiStatus ExpiredList();
// `rest` continues where the list stopped, with what is there now.
ApiStatus ExpiredContinue(const std::string& rest);
ApiStatus WatchListDisabled();
// The server's own troubles: 429, 500, 503, 504.
ApiStatus Trouble(int code, int retry_after);

}  // namespace fairlead::apiserver

#endif  // FAIRLEAD_TESTS_APISERVER_API_STATUS_H_
