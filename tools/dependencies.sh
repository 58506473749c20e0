# Sourced by test/run, test/bench/run and examples/run: finds out what is missing, installs it on Debian 12, names it
# elsewhere.

# One line for each thing that is needed: group | Debian package | what to look for.
#   tool <name>     a program of this name
#   header <path>   a header that g++ finds
#   boost <path>    the same, of Boost 1.81 or newer
#   library <name>  a library that g++ links
#   file <path>     a file
dedalus_dependencies() {
    cat <<'END'
build | ca-certificates     | file /etc/ssl/certs/ca-certificates.crt
build | g++                 | tool g++
build | cmake               | tool cmake
build | ninja-build         | tool ninja
build | ccache              | tool ccache
build | libboost1.81-dev    | boost boost/asio/version.hpp
build | libboost-json1.81-dev | boost boost/json/fwd.hpp
build | libboost-json1.81-dev | library boost_json
build | libboost-url1.81-dev | boost boost/url/error_types.hpp
build | libboost-url1.81-dev | library boost_url
build | libssl-dev          | header openssl/ssl.h
build | libssl-dev          | library ssl
build | zlib1g-dev          | header zlib.h
build | zlib1g-dev          | library z
build | libsqlite3-dev      | header sqlite3.h
build | libsqlite3-dev      | library sqlite3
build | libpq-dev           | file /usr/include/postgresql/libpq-fe.h
build | libpq-dev           | library pq
test  | postgresql-15       | file /usr/lib/postgresql/15/bin/initdb
test  | catch2              | header catch2/catch_test_macros.hpp catch2/catch.hpp
test  | clang-14            | tool clang++-14
test  | libclang-rt-14-dev  | tsan clang++-14
test  | clang-tools-14      | tool clang-query-14
test  | clang-format-14     | tool clang-format-14
test  | tinyproxy-bin      | tool tinyproxy
test  | nginx               | file /usr/sbin/nginx
interop | nodejs            | tool node
interop | npm               | tool npm
bench | nginx               | file /usr/sbin/nginx
bench | openssl             | tool openssl
bench | postgresql-15       | file /usr/lib/postgresql/15/bin/initdb
bench | libcurl4-openssl-dev | header curl/curl.h
bench | libcurl4-openssl-dev | library curl
bench | nlohmann-json3-dev  | header nlohmann/json.hpp
bench | golang-go           | tool go
bench | nodejs              | tool node
bench | npm                 | tool npm
END
}

dedalus_has() { # <kind> <argument>...
    local kind=$1 argument
    shift
    for argument in "$@"; do
        case $kind in
        tool) command -v "$argument" ;;
        file) test -e "$argument" ;;
        header) g++ -E -x c++ -include "$argument" /dev/null ;;
        boost) printf '#include <%s>\n#include <boost/version.hpp>\n#if BOOST_VERSION < 108100\n#error old\n#endif\n' "$argument" |
            g++ -E -x c++ - ;;
        library) printf 'int main() {}\n' | g++ -x c++ - "-l$argument" -o /dev/null ;;
        tsan) printf 'int main() {}\n' | "$argument" -fsanitize=thread -x c++ - -o /dev/null ;;
        esac >/dev/null 2>&1 && return 0
    done
    return 1
}

# Prints the packages of the named groups of which something is missing.
dedalus_missing_packages() { # <group>...
    local group package what
    while IFS='|' read -r group package what; do
        group=${group// /} package=${package// /}
        [[ " $* " == *" $group "* ]] || continue
        # shellcheck disable=SC2086
        dedalus_has $what || echo "$package"
    done < <(dedalus_dependencies) | sort -u
}

dedalus_is_debian_12() {
    [[ -r /etc/os-release ]] && (. /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]])
}

# Makes sure that everything of the named groups is there, or ends the script with status 1 and says what is not.
dedalus_require_dependencies() { # <group>...
    local missing=()
    mapfile -t missing < <(dedalus_missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0

    local as_root=()
    if dedalus_is_debian_12 && { [[ $EUID -eq 0 ]] || command -v sudo >/dev/null; }; then
        [[ $EUID -eq 0 ]] || as_root=(sudo)
        echo "installing: ${missing[*]}"
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends --no-remove "${missing[@]}" </dev/null
        mapfile -t missing < <(dedalus_missing_packages "$@")
        [[ ${#missing[@]} -gt 0 ]] || return 0
    fi

    {
        echo "Something that is needed was not found. What is missing, by the name of its Debian 12 package:"
        printf '  %s\n' "${missing[@]}"
        echo "Install these, or what your system calls them, and start again."
    } >&2
    exit 1
}
