# What the library needs. Each thing that is missing ends the configure step with the Debian package that brings it.

function(dedalus_require found what package)
    if(NOT ${found})
        message(FATAL_ERROR "dedalus needs ${what}, which was not found. Debian package: ${package}")
    endif()
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads QUIET)
dedalus_require(Threads_FOUND "a thread library" "libc6-dev")

find_package(Boost 1.81 CONFIG QUIET COMPONENTS headers)
dedalus_require(Boost_headers_FOUND "the headers of Boost 1.81 or newer" "libboost1.81-dev")

find_package(Boost 1.81 CONFIG QUIET COMPONENTS json)
dedalus_require(Boost_json_FOUND "Boost.JSON 1.81 or newer" "libboost-json1.81-dev")

find_package(Boost 1.81 CONFIG QUIET COMPONENTS url)
dedalus_require(Boost_url_FOUND "Boost.URL 1.81 or newer" "libboost-url1.81-dev")

find_package(OpenSSL 3 QUIET)
dedalus_require(OPENSSL_FOUND "OpenSSL 3" "libssl-dev")

if(DEDALUS_BUILD_SQLITE)
    find_package(SQLite3 3.38 QUIET)
    dedalus_require(SQLite3_FOUND "SQLite 3.38 or newer (or DEDALUS_BUILD_SQLITE=OFF)" "libsqlite3-dev")
endif()
