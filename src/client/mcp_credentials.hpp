#pragma once

#include "crypto/secret.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace dedalus {

/// An MCP credential as the caller gave it.
struct plain_credential
{
    std::string connection_name;
    crypto::secret_text values;  ///< compact JSON
};

/// Whether the body of a request has `credentials` other than null and an empty list.
bool has_mcp_credentials(const boost::json::object& body);

/// Takes `credentials` out of the body, and brings `mcp_servers` into the form that put_sealed_credentials() needs: a
/// list of objects with a `name` each. A string becomes `{"slug","name"}`, with `version` when it ends in `@version`,
/// or
/// `{"url","name"}`; a server without `name` gets its slug or url.
///
/// Throws invalid_request_error, with the path of the member and nothing of its value: no servers, a member of another
/// form than documented, a connection name that is there twice, or already among the `credentials` of a server.
/// Precondition: has_mcp_credentials().
std::vector<plain_credential> take_mcp_credentials(boost::json::object& body);

/// Adds the map of connection name to envelope to the `credentials` of each server.
void put_sealed_credentials(boost::json::object& body, const boost::json::object& sealed);

}  // namespace dedalus
