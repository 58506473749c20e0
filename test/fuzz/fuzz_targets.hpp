#pragma once

#include <string_view>

/// Each takes any bytes and ends the program when the library breaks a promise: it may refuse the input with one of its
/// errors, and nothing else.
namespace dedalus::fuzz {

/// JSON to chat_completion_request and back, and to the body of a call.
void fuzz_request(std::string_view input);

/// The body of a unary answer.
void fuzz_completion(std::string_view input);

/// The data of an event, and its accumulation.
void fuzz_chunk(std::string_view input);

/// The body of a stream, whole and in pieces.
void fuzz_stream(std::string_view input);

/// An HTTP answer, whole and in pieces, and the coding of its body.
void fuzz_http(std::string_view input);

/// A base URL in the first line, and the Location of a redirect from there in the second.
void fuzz_url(std::string_view input);

/// The URL of a proxy in the first line, a no_proxy list in the second, and the proxy's answer to CONNECT behind them.
void fuzz_proxy(std::string_view input);

}  // namespace dedalus::fuzz
