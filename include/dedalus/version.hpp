#pragma once

/// @file
/// The version of the library. CMakeLists.txt reads it from here, so it stands nowhere else.

#define DEDALUS_VERSION_MAJOR 0
#define DEDALUS_VERSION_MINOR 1
#define DEDALUS_VERSION_PATCH 0

/// "major.minor.patch", as sent in `User-Agent`.
#define DEDALUS_VERSION_STRING "0.1.0"
