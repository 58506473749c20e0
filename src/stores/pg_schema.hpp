#pragma once

#include "stores/pg_connection.hpp"

namespace dedalus::stores {

/// Version of the tables that this library makes and knows.
inline constexpr int pg_schema_version = 1;

/// Version of the tables that are there; 0: none.
boost::asio::awaitable<int> read_schema_version(pg_connection& c /* borrowed */);

/// Inside a transaction: makes what is missing, one process at a time. Throws store_error(wrong_format) for newer
/// tables.
boost::asio::awaitable<bool> migrate(pg_connection& c /* borrowed */);

}  // namespace dedalus::stores
