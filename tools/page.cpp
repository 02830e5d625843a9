// SPDX-License-Identifier: GPL-2.0-only
#include "page.h"

#include "detail_lines.h"
#include "text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

namespace netatop {

namespace {

// Those that are no rows; where there is room for some rows, the last minute of one is among them.
constexpr std::size_t height_of_history = 10;
constexpr std::size_t lines_around(std::size_t height) {
    return height < height_of_history ? 4 : 5;
}

struct Field {
    std::string head;
    std::size_t least; // columns that it needs
    std::size_t most;  // and can use
    int weight;        // what has least goes first when there is no room
    std::optional<Sort> sort = std::nullopt;
    std::optional<std::size_t> cell = std::nullopt; // of who the line is
    bool number = false;
    std::size_t columns = 0;
    bool remote = false; // an address and a port
};

struct Size {
    const char* name;
    std::size_t least, most;
    int weight;
};

// Of the columns that say who.
constexpr std::array<Size, 12> sizes{{{"pid", 7, 7, 70},
                                      {"tid", 7, 7, 71},
                                      {"user", 8, 12, 42},
                                      {"unit", 10, 40, 35},
                                      {"slice", 10, 24, 20},
                                      {"engine", 7, 10, 30},
                                      {"pod", 8, 36, 10},
                                      {"processes", 9, 9, 25},
                                      {"protocol", 5, 5, 40},
                                      {"local", 21, 45, 41},
                                      {"remote", 21, 45, 80},
                                      {"state", 6, 11, 30}}};

Size size_of(const Column& column) {
    const auto* found = std::find_if(sizes.begin(), sizes.end(),
                                     [&](const Size& size) { return column.name == size.name; });
    return found == sizes.end() ? Size{"", column.head.size(), column.head.size(), 60} : *found;
}

Field number(const char* head, int weight, Sort sort) {
    return {head, 6, 6, weight, sort, std::nullopt, true};
}

std::vector<Field> all_fields(const View& view) {
    const Kind kind = view.kind();
    const auto columns = columns_of(kind);
    std::vector<Field> fields;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].head.empty())
            continue;
        const auto [name, least, most, weight] = size_of(columns[i]);
        Field field{columns[i].head, least, most, weight};
        field.cell = i;
        field.number = columns[i].kind != Column::Kind::text;
        field.remote = columns[i].name == "remote";
        if (columns[i].name == (kind == Kind::threads ? "tid" : "pid"))
            field.sort = Sort::pid;
        fields.push_back(field);
    }
    // Most people look for the name, so it stands before the numbers.
    fields.push_back({heading_of(kind), 6, 64, 100, Sort::name});
    const bool rates = !view.cumulative();
    fields.push_back(number(rates ? "IN/s" : "IN", 90, Sort::received));
    fields.push_back(number(rates ? "OUT/s" : "OUT", 89, Sort::sent));
    fields.push_back(number(rates ? "PKT/s" : "PKT", 45, Sort::packets));
    fields.push_back(number("TOTAL", 75, Sort::total));
    fields.push_back(number("SHARE", 50, Sort::bytes));
    return fields;
}

std::size_t width_of(const std::vector<Field>& fields) {
    std::size_t all = fields.size() - 1; // between them
    for (const auto& field : fields)
        all += field.columns;
    return all;
}

// Those that there is room for. A name that has too little of it drives out what matters less.
std::vector<Field> fields_of(const View& view, std::size_t width) {
    auto fields = all_fields(view);
    constexpr std::size_t good_name = 15;
    for (auto& field : fields)
        field.columns = field.sort == Sort::name ? good_name : field.least;
    while (fields.size() > 3 && width_of(fields) > width)
        fields.erase(
            std::min_element(fields.begin(), fields.end(),
                             [](const auto& a, const auto& b) { return a.weight < b.weight; }));
    std::vector<Field*> by_weight;
    by_weight.reserve(fields.size());
    for (auto& field : fields)
        by_weight.push_back(&field);
    std::sort(by_weight.begin(), by_weight.end(),
              [](const Field* a, const Field* b) { return a->weight > b->weight; });
    for (auto* field : by_weight) {
        const std::size_t used = width_of(fields);
        if (used <= width)
            field->columns +=
                std::min(width - used, std::max(field->most, field->columns) - field->columns);
        else if (field->sort == Sort::name)
            field->columns -= std::min(used - width, field->columns - field->least);
    }
    return fields;
}

std::string cell_text(const Cell& cell) {
    std::string text;
    if (const auto* words = std::get_if<std::string>(&cell))
        text = harmless(*words);
    else if (const auto* value = std::get_if<std::uint64_t>(&cell))
        text = std::to_string(*value);
    return text.empty() ? "-" : text;
}

std::string share(std::uint64_t part, std::uint64_t all) {
    if (all == 0)
        return "-";
    std::array<char, 16> text{};
    (void)std::snprintf(text.data(), text.size(), "%.1f%%",
                        100 * static_cast<double>(part) / static_cast<double>(all));
    return text.data();
}

// Amounts of an interval are shown as so much a second.
class Numbers {
public:
    explicit Numbers(const View& view)
        : view_(view), interval_ms_(view.cumulative() ? 0 : view.sample().interval_ms) {}

    [[nodiscard]] std::string bytes(std::uint64_t value) const {
        return view_.known() ? amount(a_second(value), view_.units()) : "-";
    }
    [[nodiscard]] std::string packets(std::uint64_t value) const {
        return view_.known() ? amount(a_second(value), {false, view_.units().si}) : "-";
    }
    [[nodiscard]] std::string of(Sort sort, const Line& line) const {
        switch (sort) {
        case Sort::received:
            return bytes(line.counters.received().bytes);
        case Sort::sent:
            return bytes(line.counters.sent().bytes);
        case Sort::packets:
            return packets(line.counters.all().packets);
        case Sort::total:
            return amount(line.total.all().bytes, view_.units());
        default:
            return share(line.counters.all().bytes, view_.sum().all().bytes);
        }
    }

private:
    [[nodiscard]] std::uint64_t a_second(std::uint64_t value) const {
        return interval_ms_ == 0 ? value : per_second(value, interval_ms_);
    }

    const View& view_;
    std::int64_t interval_ms_;
};

PageLine sum_line(const View& view, std::size_t width) {
    const Numbers numbers(view);
    const auto part = [&](const char* name, std::uint64_t in, std::uint64_t out) {
        return std::string(name) + " in " + fitted_right(numbers.bytes(in), 5) + " out " +
               fitted_right(numbers.bytes(out), 5);
    };
    const Counters module = view.module();
    std::vector<std::string> parts{
        part("rows", view.sum().received().bytes, view.sum().sent().bytes),
        part("module", module.received().bytes, module.sent().bytes)};
    if (const auto devices = view.devices())
        parts.push_back(part("devices", devices->received.bytes, devices->sent.bytes));
    std::string text = parts[0];
    for (std::size_t i = 1; i < parts.size() && text.size() + 2 + parts[i].size() <= width; ++i)
        text += "  " + parts[i];
    return {{Meaning::sum, fitted(text, width)}};
}

PageLine tab_line(const View& view, std::size_t width) {
    PageLine line;
    std::size_t used = 0;
    for (std::size_t i = 0; i < view_count; ++i) {
        line.push_back({i == view.number() ? Meaning::present_tab : Meaning::tab,
                        std::to_string(i + 1) + ' ' + view_name(i)});
        line.push_back({Meaning::text, "  "});
        used += line[2 * i].text.size() + 2;
    }
    line.pop_back();
    if (used - 2 <= width)
        return line;
    return {{Meaning::present_tab,
             fitted(std::to_string(view.number() + 1) + ' ' + view_name(view.number()), width)}};
}

PageLine head_line(const View& view, const std::vector<Field>& fields, std::size_t width) {
    PageLine line;
    for (const auto& field : fields) {
        if (!line.empty())
            line.push_back({Meaning::head, " "});
        line.push_back({field.sort == view.sort() ? Meaning::sorted_head : Meaning::head,
                        field.number ? fitted_right(field.head, field.columns)
                                     : fitted(field.head, field.columns)});
    }
    line.push_back({Meaning::head, std::string(width - std::min(width_of(fields), width), ' ')});
    return line;
}

Meaning meaning_of(const View& view, const Line& line, std::size_t row) {
    if (row == view.chosen_row())
        return Meaning::chosen;
    if (is_class(line))
        return Meaning::of_class;
    const bool tasks = view.kind() == Kind::processes || view.kind() == Kind::trees;
    const bool ended = tasks && !std::holds_alternative<std::monostate>(line.who[0]);
    return ended ? Meaning::ended : Meaning::row;
}

// An address by its name, where those are wanted.
Cell named(const View& view, const Cell& cell, bool remote) {
    const auto* text = remote ? std::get_if<std::string>(&cell) : nullptr;
    return text == nullptr ? cell : Cell(view.remote_text(Endpoint::of(*text)));
}

// A unit is known without its ending too. What is cut says so, as in top(1): half of a port is
// another port.
std::string in_column(const Field& field, std::string cell) {
    constexpr std::string_view service = ".service";
    if (field.number)
        return fitted_right(cell, field.columns);
    if (field.head == "UNIT" && width(cell) > field.columns && ends(cell, service))
        cell.resize(cell.size() - service.size());
    return width(cell) > field.columns ? fitted(cell, field.columns - 1) + '+'
                                       : fitted(cell, field.columns);
}

std::string name_text(const View& view, const Line& line) {
    return view.kind() == Kind::remotes && !is_class(line) ? view.remote_name(line.shown)
                                                           : line.shown;
}

PageLine row_line(const View& view, const std::vector<Field>& fields, std::size_t row,
                  std::size_t width) {
    const Numbers numbers(view);
    const Line line = view.row(row);
    std::string text;
    for (const auto& field : fields) {
        std::string cell;
        if (field.cell)
            cell = is_class(line) ? std::string()
                                  : cell_text(named(view, line.who[*field.cell], field.remote));
        else if (field.sort == Sort::name)
            cell = line.shown.empty() ? "-" : harmless(name_text(view, line));
        else
            cell = numbers.of(*field.sort, line);
        text += (text.empty() ? "" : " ") + in_column(field, std::move(cell));
    }
    return {{meaning_of(view, line, row), fitted(text, width)}};
}

// The newest second is at the right.
PageLine history_line(const View& view, std::size_t width) {
    constexpr std::size_t beside = 20; // what stands beside the seconds
    auto seconds = view.history();
    const auto shown = std::min(seconds.size(), width > beside ? width - beside : 1);
    seconds.erase(seconds.begin(), seconds.end() - static_cast<std::ptrdiff_t>(shown));
    std::uint64_t most = 0;
    for (const auto& second : seconds)
        most = std::max(most, second.value_or(0));
    return {{Meaning::text, fitted(std::to_string(shown) + " s |" + sparkline(seconds, most) +
                                       "| most " + amount(most, view.units()) + "/s",
                                   width)}};
}

const char* sort_name(Sort sort) {
    switch (sort) {
    case Sort::received:
        return "in";
    case Sort::sent:
        return "out";
    case Sort::packets:
        return "packets";
    case Sort::total:
        return "total";
    case Sort::pid:
        return "pid";
    case Sort::name:
        return "name";
    default:
        return "share";
    }
}

PageLine status_line(const View& view, std::size_t width) {
    if (view.asking() != View::Asking::nothing) {
        const bool searches = view.asking() == View::Asking::search;
        return {
            {Meaning::message, fitted((searches ? "search: " : "filter: ") +
                                          harmless(searches ? view.search() : view.filter()) + "_",
                                      width)}};
    }
    if (!view.message().empty())
        return {{Meaning::message, fitted(harmless(view.message()), width)}};
    std::string text = view.paused() ? "PAUSED  " : "";
    text += view.detailed() != nullptr ? "Esc back  " : "";
    text += "? help  q quit  by ";
    text += sort_name(view.sort());
    text += view.units().bits ? "  bits" : "  bytes";
    text += view.units().si ? ", 1k=1000" : ", 1K=1024";
    text += view.cumulative() ? "  since the module was loaded" : "";
    text += view.loopback() ? "" : "  without loopback";
    if (!view.filter().empty())
        text += "  filter: " + harmless(view.filter());
    return {{Meaning::status, fitted(text, width)}};
}

constexpr std::array help_text{
    "Tab, 1 to 6    next view; this view",
    "arrows, PgUp, PgDn, Home, End",
    "               choose a row",
    "s, <, >        sort by the next, the previous, the next column",
    "/, n           search a row; the next one",
    "f              show rows with this text alone; Escape: all",
    "t              programs, units as a tree, with what is below",
    "Enter          all that is known of the row; Escape: back",
    "c              since the module was loaded, or a second",
    "l              without what loopback carried, or with it",
    "b, i           bits or bytes; units of 1024 or 1000",
    "p, space       pause, go on",
    "?, h           this help; any key ends it",
    "q              quit",
    "",
    "In the first line: what all rows carried, what the module counted in",
    "the same time, and the interfaces of all network namespaces in use,",
    "which carry other protocols and what is forwarded too. Above the last",
    "line: what the chosen row carried in each second of the last minute.",
    "name+: there is more of it than there is room.",
    "<name>: ended in the interval. (name): what no living process has;",
    "netatop(4) says which.",
};

void add_rows(const View& view, std::vector<PageLine>& lines, std::size_t height,
              std::size_t width) {
    const auto fields = fields_of(view, width);
    lines.push_back(tab_line(view, width));
    lines.push_back(head_line(view, fields, width));
    const std::size_t end = std::min(view.row_count(), view.top() + height);
    for (std::size_t row = view.top(); row < end; ++row)
        lines.push_back(row_line(view, fields, row, width));
}

void add_details(View& view, std::vector<PageLine>& lines, std::size_t height, std::size_t width) {
    const auto all = detail_lines(view, width);
    const std::size_t top = view.fit_details(all.size(), height);
    for (std::size_t i = top; i < std::min(all.size(), top + height); ++i)
        lines.push_back(all[i]);
}

} // namespace

std::vector<PageLine> page(View& view, std::size_t height, std::size_t width) {
    std::vector<PageLine> lines;
    if (height < least_height || width < least_width) {
        lines.push_back({{Meaning::message, fitted("at least 20x5", width)}});
        lines.resize(height);
        return lines;
    }
    view.fit(height - lines_around(height));
    if (view.help()) {
        for (const char* text : help_text)
            if (lines.size() < height)
                lines.push_back({{Meaning::text, fitted(text, width)}});
        lines.resize(height);
        return lines;
    }
    lines.push_back(sum_line(view, width));
    if (view.detailed() != nullptr)
        add_details(view, lines, height - lines_around(height) + 2, width);
    else
        add_rows(view, lines, height - lines_around(height), width);
    const bool history = lines_around(height) > 4;
    lines.resize(height - (history ? 2 : 1));
    if (history)
        lines.push_back(history_line(view, width));
    lines.push_back(status_line(view, width));
    return lines;
}

} // namespace netatop
