#pragma once

#include <string>

namespace dedalus {

/// One `name=value` of a query; both are percent-encoded when they are sent.
struct query_parameter
{
    std::string name{};
    std::string value{};

    bool operator==(const query_parameter&) const = default;
};

}  // namespace dedalus
