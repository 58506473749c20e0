#include "handoff/checkpoint_head.hpp"

#include <dedalus/stores/store_error.hpp>

#include "codec/parse_json.hpp"
#include "handoff/member_reader.hpp"
#include "handoff/utc_time.hpp"
#include "support/ascii.hpp"

#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <array>

namespace dedalus::handoff_core {

namespace json = boost::json;

namespace {

void put(json::object& to, std::string_view name, const std::string& text)
{
    if (!text.empty())
        to[name] = text;
}

void put(json::object& to, std::string_view name, const std::optional<stores::time_point>& time)
{
    if (time)
        to[name] = to_utc_text(*time);
}

void put(json::object& to, std::string_view name, json::object members)
{
    if (!members.empty())
        to[name] = std::move(members);
}

void put(json::object& to, std::string_view name, const std::optional<std::int64_t>& number)
{
    if (number)
        to[name] = *number;
}

json::object write_budget(const checkpoint_budget& budget)
{
    json::object out;
    out["limit"] = budget.limit;
    out["spent"] = budget.spent;
    out["reserved"] = budget.reserved;
    put(out, "per_request_cap", budget.per_request_cap);
    out["assumed"] = budget.assumed;
    out["charged_unknown"] = budget.charged_unknown;
    return out;
}

checkpoint_budget read_budget(json::object members)
{
    member_reader in(std::move(members));
    checkpoint_budget budget;
    budget.limit = in.required_integer("limit", 1);
    budget.spent = in.required_integer("spent");
    budget.reserved = in.required_integer("reserved");
    budget.per_request_cap = in.integer("per_request_cap", 1);
    budget.assumed = in.integer("assumed").value_or(0);
    budget.charged_unknown = in.integer("charged_unknown").value_or(0);
    return budget;
}

json::object write_attempt(const checkpoint_attempt& attempt)
{
    json::object out;
    out["n"] = attempt.n;
    out["epoch"] = attempt.epoch;
    out["request_key"] = attempt.request_key;
    out["body_sha256"] = attempt.body_sha256;
    put(out, "fallback_step", attempt.fallback_step);
    put(out, "sent_after", attempt.sent_after);
    return out;
}

checkpoint_attempt read_attempt(json::object members)
{
    member_reader in(std::move(members));
    checkpoint_attempt attempt;
    attempt.n = in.required_integer("n", 1);
    attempt.epoch = in.integer("epoch").value_or(0);
    attempt.request_key = in.required_text("request_key");
    attempt.body_sha256 = in.required_text("body_sha256");
    attempt.fallback_step = in.text("fallback_step").value_or("");
    attempt.sent_after = in.time("sent_after");
    return attempt;
}

json::array write_waits(const std::vector<stores::wait_record>& waits)
{
    json::array out;
    for (const stores::wait_record& wait : waits) {
        json::object one;
        one["call"] = wait.key.call.call_id;
        one["occurrence"] = wait.key.call.occurrence;
        one["kind"] = wait.key.kind;
        one["fingerprint"] = wait.fingerprint;
        put(one, "token_sha256", wait.token_sha256);
        put(one, "expires_at", wait.expires_at);
        out.push_back(std::move(one));
    }
    return out;
}

std::vector<stores::wait_record> read_waits(const json::array& list)
{
    std::vector<stores::wait_record> waits;
    for (const json::value& one : list) {
        if (!one.is_object())
            member_reader::fail("waits");
        member_reader in(one.get_object());
        stores::wait_record& wait = waits.emplace_back();
        wait.key.call.call_id = in.required_text("call");
        wait.key.call.occurrence = in.integer("occurrence").value_or(0);
        wait.key.kind = in.required_text("kind");
        wait.fingerprint = in.required_text("fingerprint");
        wait.token_sha256 = in.text("token_sha256").value_or("");
        wait.expires_at = in.time("expires_at");
    }
    return waits;
}

json::object write_labels(const stores::label_map& labels)
{
    json::object out;
    for (const auto& [name, value] : labels)
        out[name] = value;
    return out;
}

stores::label_map read_labels(const json::object& members)
{
    stores::label_map labels;
    for (const auto& [name, value] : members) {
        if (!value.is_string())
            member_reader::fail("labels");
        labels.emplace(name, value.get_string());
    }
    return labels;
}

std::vector<std::string> read_names(std::string_view name, const json::array& list)
{
    std::vector<std::string> names;
    for (const json::value& one : list) {
        if (!one.is_string())
            member_reader::fail(name);
        names.emplace_back(one.get_string());
    }
    return names;
}

// What runs may demand of whoever goes on with them.
bool is_understood(std::string_view demand)
{
    constexpr std::array<std::string_view, 3> known = {
        "scheduling",  // scheduling_rules and tool_options::run_anyway
        demand_of_blobs,
        demand_of_unstored,
    };
    return std::ranges::find(known, demand) != known.end();
}

// What ends a look at the rest: another reader is needed for it.
void read_version(member_reader& in, checkpoint_head& head)
{
    if (in.text("format") != "dedalus-run")
        member_reader::fail("format");
    if (in.required_integer("version", 1) > checkpoint_head::version)
        throw store_error(store_errc::wrong_format, "the checkpoint has a newer version");
    head.minor = in.required_integer("minor");
    head.must_understand = read_names("must_understand", in.array("must_understand").value_or(json::array()));
    if (!std::ranges::all_of(head.must_understand, is_understood))
        throw store_error(store_errc::wrong_format, "the checkpoint demands what this version does not know");
}

void read_course(member_reader& in, checkpoint_head& head)
{
    head.rev = in.required_integer("rev", 1);
    head.last_seq = in.required_integer("last_seq");
    const auto phase = to_run_phase(in.required_text("phase"));
    if (!phase)
        member_reader::fail("phase");
    head.phase = *phase;
    head.stop_reason = in.text("stop_reason").value_or("");
    head.suspended = in.object("suspended");
    head.turn = in.required_integer("turn");
    head.budget = read_budget(in.object("budget").value_or(json::object()));
    if (auto attempt = in.object("attempt"))
        head.attempt = read_attempt(std::move(*attempt));
    member_reader session(in.object("session").value_or(json::object()));
    head.correlation_id = session.text("correlation_id").value_or("");
    head.deferred_seq = session.integer("deferred_seq", 1);
}

// By how it ends: whose token, key or password it is, stands before. What only counts tokens ends otherwise.
bool is_secret(std::string_view name)
{
    constexpr std::array<std::string_view, 19> secrets = {
        "credential",  "credentials", "apikey",           "privatekey", "secretkey", "accesskey",  "signingkey",
        "providerkey", "token",       "secret",           "password",   "passwd",    "passphrase", "authorization",
        "cookie",      "bearer",      "connectionstring", "basicauth",  "jwt",
    };
    constexpr std::array<std::string_view, 4> of_vocabularies = {"eostoken", "bostoken", "padtoken", "stoptoken"};
    std::string plain;
    for (const char c : name) {
        if (c != '_' && c != '-')
            plain += support::ascii_lower(c);
    }
    const auto ends_plain = [&plain](std::string_view end) { return plain.ends_with(end); };
    return std::ranges::any_of(secrets, ends_plain) &&
           std::ranges::find(of_vocabularies, plain) == of_vocabularies.end();
}

json::value value_without_secrets(const json::value& value)
{
    if (value.is_object())
        return without_secrets(value.get_object());
    if (!value.is_array())
        return value;
    json::array out;
    for (const json::value& element : value.get_array())
        out.push_back(value_without_secrets(element));
    return out;
}

}  // namespace

json::object without_secrets(const json::object& members)
{
    json::object out;
    for (const auto& [name, value] : members) {
        if (!is_secret(name))
            out.emplace(name, value_without_secrets(value));
    }
    return out;
}

bool demands(const checkpoint_head& head, std::string_view what)
{
    return std::ranges::find(head.must_understand, what) != head.must_understand.end();
}

void demand(checkpoint_head& head, std::string_view what)
{
    if (!demands(head, what))
        head.must_understand.emplace_back(what);
}

stores::run_head encode_head(const checkpoint_head& head)
{
    json::object out;
    out["format"] = "dedalus-run";
    out["version"] = checkpoint_head::version;
    out["minor"] = head.minor;
    out["must_understand"] = json::array(head.must_understand.begin(), head.must_understand.end());
    out["writer"] = head.writer;
    out["run_id"] = head.run_id;
    put(out, "parent_run", head.parent_run);
    put(out, "labels", write_labels(head.labels));
    out["rev"] = head.rev;
    out["last_seq"] = head.last_seq;
    out["phase"] = to_string(head.phase);
    put(out, "stop_reason", head.stop_reason);
    if (head.suspended)
        out["suspended"] = *head.suspended;
    out["turn"] = head.turn;
    out["budget"] = write_budget(head.budget);
    if (head.attempt)
        out["attempt"] = write_attempt(*head.attempt);
    json::object session;
    put(session, "correlation_id", head.correlation_id);
    put(session, "deferred_seq", head.deferred_seq);
    put(out, "session", std::move(session));
    put(out, "profile", without_secrets(head.profile));
    put(out, "request", without_secrets(head.request));
    out["toolset"] = head.toolset;
    put(out, "needs", head.needs);
    put(out, "plan_seq", head.plan_seq);
    if (!head.waits.empty())
        out["waits"] = write_waits(head.waits);
    out["sticky"] = head.sticky;
    put(out, "wakeup_at", head.wakeup_at);
    put(out, "expires_at", head.expires_at);
    put(out, "created_at", head.created_at);
    put(out, "updated_at", head.updated_at);
    for (const auto& [name, value] : head.extra)
        out.emplace(name, value);

    stores::run_head kept;
    kept.bytes = json::serialize(out);
    kept.phase = head.phase;
    kept.wakeup_at = head.wakeup_at;
    kept.expires_at = head.expires_at;
    kept.labels = head.labels;
    return kept;
}

checkpoint_head decode_head(std::string_view bytes)
{
    boost::system::error_code failure;
    json::value parsed = codec::parse_json(bytes, failure);
    if (failure.failed() || !parsed.is_object())
        throw store_error(store_errc::damaged, "a checkpoint that is no JSON object");
    member_reader in(std::move(parsed.get_object()));
    checkpoint_head head;
    read_version(in, head);
    head.writer = in.object("writer").value_or(json::object());
    head.run_id = in.required_text("run_id");
    head.parent_run = in.text("parent_run").value_or("");
    head.labels = read_labels(in.object("labels").value_or(json::object()));
    read_course(in, head);
    head.profile = in.object("profile").value_or(json::object());
    head.request = in.object("request").value_or(json::object());
    head.toolset = in.array("toolset").value_or(json::array());
    head.needs = in.object("needs").value_or(json::object());
    head.plan_seq = in.integer("plan_seq", 1);
    head.waits = read_waits(in.array("waits").value_or(json::array()));
    head.sticky = in.array("sticky").value_or(json::array());
    head.wakeup_at = in.time("wakeup_at");
    head.expires_at = in.time("expires_at");
    head.created_at = in.time("created_at");
    head.updated_at = in.time("updated_at");
    head.extra = in.rest();
    return head;
}

}  // namespace dedalus::handoff_core
