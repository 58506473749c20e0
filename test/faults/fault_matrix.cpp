#include "faults/fault.hpp"

#include <algorithm>
#include <cstddef>
#include <sstream>

namespace test {

namespace {

constexpr const char* introduction = R"(# Faults

What a call ends with when its connection, its server or its answer is not as it should be. Each row is a test: a peer
with this fault, over HTTP and over HTTPS, asked for an answer and for a stream. This page is generated from the table
of that test (`test/faults`); `test/faults/check_fault_docs --write` makes it anew.

The first word is the class of what is thrown, the second the `errc` of its `code()`, the third, where there is one, its
`phase()`. "again" means that another attempt is made first, if `retry.max_retries` allows; the last failure is what is
thrown. "answer" means that nothing is wrong for the caller. Rows marked HTTP or HTTPS exist over that alone; a dash
means that there is no such call. Every row ends: each wait has a limit of `client_options::timeouts`.
)";

/// "`class` code phase, again"
std::string text(const fault_end& end)
{
    if (end.error.empty())
        return "-";
    const std::size_t space = std::min(end.error.find(' '), end.error.size());
    std::string all(end.error);
    if (space < all.size())
        all.insert(space, "`").insert(0, "`");
    return end.again ? all + ", again" : all;
}

std::string cell(const fault_end& http, const fault_end& https)
{
    if (http == https || https == no_such_call)
        return text(http);
    if (http == no_such_call)
        return text(https);
    return "HTTP: " + text(http) + "; HTTPS: " + text(https);
}

std::string scheme(const fault_ends& ends)
{
    if (ends.http_unary == no_such_call && ends.http_stream == no_such_call)
        return " (HTTPS)";
    if (ends.https_unary == no_such_call && ends.https_stream == no_such_call)
        return " (HTTP)";
    return "";
}

}  // namespace

std::vector<fault_group> fault_matrix()
{
    return {
        resolve_faults(),
        connect_faults(),
        proxy_faults(),
        tls_faults(),
        write_faults(),
        header_faults(),
        status_faults(),
        body_faults(),
        content_faults()};
}

std::string fault_page(const std::vector<fault_group>& matrix)
{
    std::ostringstream page;
    page << introduction;
    for (const fault_group& group : matrix) {
        page << "\n## " << group.phase << "\n\n| fault | unary call | stream |\n|---|---|---|\n";
        for (const fault& each : group.faults) {
            const fault_ends& ends = each.expected;
            page << "| " << each.what << scheme(ends) << " | " << cell(ends.http_unary, ends.https_unary) << " | "
                 << cell(ends.http_stream, ends.https_stream) << " |\n";
        }
    }
    return page.str();
}

}  // namespace test
