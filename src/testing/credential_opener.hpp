#pragma once

#include <boost/json/object.hpp>
#include <openssl/types.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace dedalus::testing {

/// The part of an MCP authorization server: a key that clients encrypt credentials for, made when it is first needed,
/// because that takes a while. Any thread.
class credential_opener
{
public:
    /// The public key as a JSON Web Key Set.
    boost::json::object key_set();

    /// What was encrypted. Throws std::invalid_argument when the text is no envelope for this key, or was changed.
    std::string open(std::string_view sealed);

private:
    struct deleter
    {
        void operator()(EVP_PKEY* key) const noexcept;
    };

    EVP_PKEY* key();

    std::mutex mutex_;
    std::unique_ptr<EVP_PKEY, deleter> key_;
};

}  // namespace dedalus::testing
