#include "protocol/redaction.hpp"

#include "support/ascii.hpp"

#include <algorithm>
#include <array>

namespace dedalus::protocol {

namespace {

constexpr std::array<std::string_view, 9> secret_words = {
    "key", "token", "secret", "auth", "passw", "pwd", "credential", "cookie", "signature"};

constexpr std::size_t least_key_size = 16;   // "sk-learn" is none
constexpr std::size_t least_token_size = 8;  // nor is "Bearer token"

constexpr std::array<std::string_view, 31> harmless_headers = {
    "accept",
    "accept-encoding",
    "cache-control",
    "cf-ray",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "host",
    "openai-processing-ms",
    "openai-version",
    "retry-after",
    "retry-after-ms",
    "server",
    "traceparent",
    "transfer-encoding",
    "user-agent",
    "vary",
    "x-provider",
    "x-provider-model",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-request-id",
    "x-sdk-version",
    "x-should-retry",
    "x-stainless-retry-count",
};

bool contains_word(std::string_view text, std::string_view word)
{
    const auto same = [](char a, char b) { return support::ascii_lower(a) == b; };
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

bool looks_secret(std::string_view value)
{
    return value.starts_with("sk-") || value.starts_with("eyJ") || contains_word(value, "bearer");
}

bool is_key(std::string_view word)
{
    return word.size() >= least_key_size &&
           (word.starts_with("sk-") || word.starts_with("dsk-") || word.starts_with("dsk_") || word.starts_with("eyJ"));
}

/// The path of a URL, from its first slash.
std::string redacted_path(std::string_view path)
{
    std::string result;
    while (!path.empty()) {
        const std::size_t size = std::min(path.find('/', 1), path.size());
        const std::string_view segment = path.substr(1, size - 1);
        result.append(1, '/').append(is_key(segment) ? redacted : segment);
        path.remove_prefix(size);
    }
    return result;
}

/// One `name=value`. A name with percent signs may be any.
std::string redacted_parameter(std::string_view parameter)
{
    const std::size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    if (equals == std::string_view::npos)
        return std::string(looks_secret(name) ? redacted : name);
    const std::string_view value = parameter.substr(equals + 1);
    const bool secret =
        is_secret_name(name) || name.find('%') != std::string_view::npos || looks_secret(value) || is_key(value);
    return std::string(name) + '=' + std::string(secret ? redacted : value);
}

/// The query of a URL, from its question mark.
std::string redacted_query(std::string_view query)
{
    std::string result;
    while (!query.empty()) {
        const std::size_t size = std::min(query.find('&', 1), query.size());
        result.append(query.substr(0, 1)).append(redacted_parameter(query.substr(1, size - 1)));
        query.remove_prefix(size);
    }
    return result;
}

bool is_word_character(char c)
{
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return alphanumeric || std::string_view("-_.~+/%").find(c) != std::string_view::npos;
}

bool follows_scheme(std::string_view word, std::string_view before)
{
    return word.size() >= least_token_size && (support::ascii_iequals(before, "bearer") || before == "Basic");
}

bool follows_name(std::string_view before, std::string_view between)
{
    if (!is_secret_name(before))
        return false;
    const bool is_identifier = before.find_first_of("-_") != std::string_view::npos;
    const std::size_t sign = between.find_first_of("=:");
    return sign != std::string_view::npos && between.find_first_not_of(" \t\"'=:\\") == std::string_view::npos &&
           (between[sign] == '=' || is_identifier || between.find_first_of("\"'") < sign);
}

}  // namespace

bool is_secret_name(std::string_view name)
{
    return std::any_of(secret_words.begin(), secret_words.end(), [name](std::string_view word) {
        return contains_word(name, word);
    });
}

bool is_harmless_header(std::string_view name)
{
    return std::any_of(harmless_headers.begin(), harmless_headers.end(), [name](std::string_view known) {
        return support::ascii_iequals(name, known);
    });
}

http_headers redacted_headers(const http_headers& headers)
{
    http_headers result;
    for (const http_header& field : headers)
        result.add(field.name, is_harmless_header(field.name) ? field.value : std::string(redacted));
    return result;
}

std::string redacted_url(std::string_view url)
{
    std::string result;
    const std::size_t scheme_end = url.find("://");
    if (scheme_end != std::string_view::npos) {
        const std::size_t authority = scheme_end + 3;
        const std::size_t authority_end = std::min(url.find_first_of("/?#", authority), url.size());
        const std::size_t at = url.substr(0, authority_end).rfind('@');
        result.append(url.substr(0, authority));
        url.remove_prefix(authority);
        if (at != std::string_view::npos && at >= authority) {
            result.append(redacted);
            url.remove_prefix(at - authority);
        }
    }
    const std::size_t mark = url.find('?');
    const std::size_t path = scheme_end != std::string_view::npos || url.starts_with('/') ? url.find('/') : mark;
    result.append(url.substr(0, std::min(path, mark)));
    if (path < mark)
        result.append(redacted_path(url.substr(path, mark - path)));
    if (mark != std::string_view::npos)
        result.append(redacted_query(url.substr(mark)));
    return result;
}

std::string redacted_text(std::string_view text)
{
    std::string result;
    std::string_view before;
    while (!text.empty()) {
        const auto begin = std::find_if(text.begin(), text.end(), is_word_character);
        const std::string_view between(text.begin(), begin);
        const auto end = std::find_if_not(begin, text.end(), is_word_character);
        const std::string_view word(begin, end);
        text = std::string_view(end, text.end());
        const bool is_password = between == ":" && text.starts_with('@');
        const bool secret =
            is_key(word) || is_password || follows_scheme(word, before) || follows_name(before, between);
        const bool is_scheme = support::ascii_iequals(word, "bearer") || word == "Basic";
        result += between;
        result += secret && !word.empty() && !is_scheme ? redacted : word;
        before = word;
    }
    return result;
}

std::string shortened(std::string_view body, std::size_t limit)
{
    std::string result(body.substr(0, limit));
    if (body.size() > limit)
        result += "... (" + std::to_string(body.size() - limit) + " more bytes)";
    return result;
}

}  // namespace dedalus::protocol
