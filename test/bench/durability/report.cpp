#include "bench/durability/report.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdio>
#include <ostream>

namespace bench {

namespace json = boost::json;

namespace {

std::string spelled(double value)
{
    char text[32];
    std::snprintf(text, sizeof(text), value < 10 ? "%.3f" : value < 1000 ? "%.1f" : "%.0f", value);
    return text;
}

bool is_met(const json::object& row)
{
    const json::value* goal = row.if_contains("at_most");
    return goal == nullptr || row.at("value").to_number<double>() <= goal->to_number<double>();
}

}  // namespace

void report::add(const place& at, const std::string& what, double value, const std::string& unit, double at_most)
{
    json::object row{{"row", at.row}, {"of", at.of}, {"what", what}, {"value", value}, {"unit", unit}};
    if (at_most > 0)
        row["at_most"] = at_most;
    rows_.push_back(std::move(row));
}

void report::print(std::ostream& out) const
{
    out << "| what | measured | unit | goal |\n|---|---|---|---|\n";
    for (const json::value& each : rows_) {
        const json::object& row = each.as_object();
        const json::value* goal = row.if_contains("at_most");
        out << "| " << row.at("what").as_string().c_str() << " | " << spelled(row.at("value").to_number<double>())
            << " | " << row.at("unit").as_string().c_str() << " | "
            << (goal == nullptr ? "" : "<= " + spelled(goal->to_number<double>()) + (is_met(row) ? "" : " MISSED"))
            << " |\n";
    }
}

bool report::met() const
{
    return std::all_of(rows_.begin(), rows_.end(), [](const json::value& row) { return is_met(row.as_object()); });
}

}  // namespace bench
