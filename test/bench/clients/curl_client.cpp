// libcurl and nlohmann-json, the way a C++ program does it today: one easy handle that is used again, a callback that
// gathers lines, a JSON value for each event.

#include "measurement.hpp"

#include <cstdlib>
#include <curl/curl.h>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace {

using nlohmann::json;

struct answer
{
    bool stream = false;
    std::string held{};  // the body, or a line that has begun
    bench::decoded* result = nullptr;
};

void add_usage(const json& value, bench::decoded& result)
{
    if (const auto usage = value.find("usage"); usage != value.end() && usage->is_object())
        result.total_tokens += usage->at("total_tokens").get<std::int64_t>();
}

void add_chunk(std::string_view text, bench::decoded& result)
{
    const json chunk = json::parse(text);
    ++result.items;
    add_usage(chunk, result);
    for (const json& choice : chunk.at("choices")) {
        const json& delta = choice.at("delta");
        if (const auto content = delta.find("content"); content != delta.end() && content->is_string())
            result.text += content->get<std::string>();
        if (const auto calls = delta.find("tool_calls"); calls != delta.end() && calls->is_array()) {
            for (const json& call : *calls)
                result.arguments += call.at("function").at("arguments").get<std::string>();
        }
    }
}

std::size_t on_bytes(char* data, std::size_t, std::size_t size, void* to)
{
    constexpr std::string_view prefix = "data: ";
    answer& self = *static_cast<answer*>(to);
    self.held.append(data, size);
    if (!self.stream)
        return size;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = self.held.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const std::string_view line = std::string_view(self.held).substr(begin, end - begin);
        if (line.starts_with(prefix) && line.substr(prefix.size()) != "[DONE]")
            add_chunk(line.substr(prefix.size()), *self.result);
    }
    self.held.erase(0, begin);
    return size;
}

void ask(CURL* handle, const bench::task& work, std::size_t count, bench::decoded& result)
{
    const std::string body = work.body();
    const std::string url = work.base_url + "/chat/completions";
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> fields(
        curl_slist_append(curl_slist_append(nullptr, "Content-Type: application/json"), "Authorization: Bearer bench"),
        curl_slist_free_all
    );
    for (std::size_t i = 0; i < count; ++i) {
        answer got{.stream = work.mode == "stream", .result = &result};
        curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
        curl_easy_setopt(handle, CURLOPT_CAINFO, work.ca_file.c_str());
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fields.get());
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.c_str());
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &on_bytes);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, &got);
        if (const CURLcode code = curl_easy_perform(handle); code != CURLE_OK) {
            std::cerr << curl_easy_strerror(code) << '\n';
            std::exit(1);
        }
        if (got.stream)
            continue;
        const json whole = json::parse(got.held);
        ++result.items;
        add_usage(whole, result);
        result.text += whole.at("choices").at(0).at("message").at("content").get<std::string>();
    }
}

}  // namespace

int main(int argc, char** argv)
{
    const bench::task work = bench::read_command_line(argc, argv);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL* const handle = curl_easy_init();
    bench::decoded ignored;
    ask(handle, work, work.warm_up, ignored);
    bench::decoded result;
    bench::meter spent;
    spent.start();
    ask(handle, work, work.count, result);
    spent.stop();
    bench::print_result(spent, result.items, 0, result.digest());
    curl_easy_cleanup(handle);
}
