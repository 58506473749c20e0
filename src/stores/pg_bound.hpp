#pragma once

#include "stores/pg_connection.hpp"

#include <libpq-fe.h>
#include <vector>

namespace dedalus::stores {

/// The arguments of a statement as libpq takes them. The pg_arguments must outlive it.
struct pg_bound
{
    explicit pg_bound(const pg_arguments& arguments);

    int count() const { return static_cast<int>(values.size()); }

    static constexpr int binary = 1;

    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    std::vector<Oid> types;
};

}  // namespace dedalus::stores
