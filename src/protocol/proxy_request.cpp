#include "protocol/proxy_request.hpp"

#include <dedalus/error.hpp>
#include <dedalus/version.hpp>

namespace dedalus::protocol {

namespace {

constexpr std::size_t max_answer_head_bytes = 16 * 1024;

void append_authorization(std::string& head, const proxy_address& proxy)
{
    if (!proxy.authorization.empty())
        head += "Proxy-Authorization: " + proxy.authorization + "\r\n";
}

}  // namespace

std::string tunnel_request(std::string_view host, std::string_view port, const proxy_address& proxy)
{
    std::string target(host);
    if (host.find(':') != std::string_view::npos)
        target = '[' + target + ']';
    target += ':';
    target += port;
    std::string head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    head += "User-Agent: dedalus-cpp/" DEDALUS_VERSION_STRING "\r\n";
    append_authorization(head, proxy);
    return head += "\r\n";
}

std::string forwarded_head(std::string_view head, const base_url& origin, const proxy_address& proxy)
{
    const std::size_t target = head.find(' ') + 1;
    const std::size_t end = head.size() - 2;  // of the last field
    std::string result(head.substr(0, target));
    result += origin.scheme + "://" + origin.authority();
    result += head.substr(target, end - target);
    append_authorization(result, proxy);
    return result += "\r\n";
}

tunnel_answer::tunnel_answer() : reader_(max_answer_head_bytes) {}

void tunnel_answer::consume(std::string_view input, boost::system::error_code& ec)
{
    ec = {};
    // Byte by byte: what follows an answer that opens a tunnel is no body, whatever its head says (RFC 9110, section
    // 9.3.6).
    while (!ec && !input.empty() && !header_done()) {
        std::string_view body;
        input.remove_prefix(reader_.consume(input.substr(0, 1), body, ec));
    }
    if (!ec && !input.empty() && open())
        ec = errc::invalid_response;
}

void tunnel_answer::finish(boost::system::error_code& ec)
{
    ec = {};
    if (!reader_.header_done())
        reader_.finish(ec);
}

}  // namespace dedalus::protocol
