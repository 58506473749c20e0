#pragma once

namespace dedalus::stores {

class sqlite_database;

/// Version of the tables, which is the user_version of the file.
inline constexpr int sqlite_schema_version = 1;

/// Makes the tables, or leaves them if they are there. Throws store_error(wrong_format) when the file is something
/// else, or newer.
void migrate(sqlite_database& database);

}  // namespace dedalus::stores
