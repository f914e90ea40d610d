using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands.Costs;

/// <summary><c>callwatch costs</c>: what a range cost, by period and by what one likes; and beneath it all else that whoever pays may ask.</summary>
internal static class CostsCommand
{
    public static Command Create()
    {
        var by = new Option<string[]>("--by") { Description = "Group by this field (model, app, provider, operation, user, env, ...); may repeat. Default: model", HelpName = "FIELD" };
        var per = new Option<string>("--per") { Description = "A line for each day, week or month; or one for the whole range", HelpName = "PERIOD", DefaultValueFactory = _ => "range" };
        per.AcceptOnlyFromAmong("range", "day", "week", "month");
        var zone = new Option<string?>("--tz") { Description = "IANA time zone in which days, weeks and months begin. Default UTC", HelpName = "ZONE" };
        zone.Validators.Add(BeZone);
        var command = new Command("costs", "Show what calls cost, by period, model, app or any field. Default range: the month so far.")
        {
            MonthCommand.Create(), LedgerCommand.Create(), WhatIfCommand.Create(), LostCachingCommand.Create(), CoverageCommand.Create(), ReconcileCommand.Create(),
        };
        var selection = new SelectionOptions(command);
        command.Options.Add(by);
        command.Options.Add(per);
        command.Options.Add(zone);
        ServerOptions.Act(command, (parsed, link, cancel) =>
        {
            var (fields, period, place) = (parsed.GetValue(by) is { Length: > 0 } given ? given : ["model"], parsed.GetRequiredValue(per), ZoneOf(parsed.GetValue(zone)));
            var query = MonthSoFar(selection.Read(parsed, TimeProvider.System), place, TimeProvider.System) with { By = fields, Step = "1d", TimeZone = parsed.GetValue(zone), Limit = 1_000 };
            return link.ShowAsync(query.On("api/v1/stats"), ApiJson.Default.ApiStats, answer => CostTable.Show(answer, fields, period, place), cancel, query.Filter);
        });
        return command;
    }

    /// <summary>An hour, the usual range elsewhere, says little of costs.</summary>
    public static ApiQuery MonthSoFar(ApiQuery query, TimeZoneInfo zone, TimeProvider time)
    {
        if (query.From is not null || query.To is not null) return query;
        var now = TimeZoneInfo.ConvertTime(time.GetUtcNow(), zone);
        var first = new DateTime(now.Year, now.Month, 1, 0, 0, 0, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(first)) first = first.AddMinutes(15);
        return query with { From = new DateTimeOffset(first, zone.GetUtcOffset(first)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) };
    }

    public static void BeZone(OptionResult result)
    {
        if (result.Tokens is [{ Value: var name }] && !TimeZoneInfo.TryFindSystemTimeZoneById(name, out _)) result.AddError($"--tz '{name}' is no time zone; write a name such as Europe/Berlin.");
    }

    public static TimeZoneInfo ZoneOf(string? name) => TimeZoneInfo.FindSystemTimeZoneById(name ?? "UTC");
}

/// <summary>Costs in lines.</summary>
internal static class CostTable
{
    public static int Show(ApiStats answer, IReadOnlyList<string> by, string per, TimeZoneInfo zone)
    {
        if (answer.Groups.Count == 0 || answer.Groups.All(group => group.Total.Calls == 0))
        {
            Screen.Line("No calls in this range.");
            return CommandLine.Fine;
        }

        string[] heads = per == "range" ? [.. by] : [char.ToUpperInvariant(per[0]) + per[1..], .. by];
        var table = new Table([.. heads, ">Calls", ">Input", ">Cached", ">Output", ">Cost", ">Unpriced"]) { Dispensable = ["Cached", "Input", "Output"] };
        foreach (var line in Lines(answer, by, per, zone)) table.Row(line);
        var sums = answer.Groups.Select(group => Sums.Of(group.Total)).Aggregate((a, b) => a.Plus(b));
        table.Row([.. heads.Select((_, i) => i == 0 ? "total" : ""), .. Cells(sums)]);
        table.Print();
        if (answer.Truncated) Screen.Line("There are more groups than these, and the total is that of these; a filter narrows them.");
        return CommandLine.Fine;
    }

    private static IEnumerable<string[]> Lines(ApiStats answer, IReadOnlyList<string> by, string per, TimeZoneInfo zone)
    {
        if (per == "range")
        {
            foreach (var group in answer.Groups.OrderByDescending(group => group.Total.CostUsd)) yield return [.. Names(group, by), .. Cells(Sums.Of(group.Total))];
            yield break;
        }

        var periods = answer.Groups.SelectMany(group => group.Points.Where(point => point.Calls > 0).Select(point => (Period: PeriodOf(point.T, per, zone), Group: group, Sums: Sums.Of(point))))
            .GroupBy(one => (one.Period, one.Group), one => one.Sums).OrderBy(one => one.Key.Period, StringComparer.Ordinal);
        foreach (var period in periods.GroupBy(one => one.Key.Period, StringComparer.Ordinal))
        {
            foreach (var (group, sums) in period.Select(one => (one.Key.Group, Sums: one.Aggregate((a, b) => a.Plus(b)))).OrderByDescending(one => one.Sums.Usd))
                yield return [period.Key, .. Names(group, by), .. Cells(sums)];
        }
    }

    // A week by its Monday.
    private static string PeriodOf(string time, string per, TimeZoneInfo zone)
    {
        var day = TimeZoneInfo.ConvertTime(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), zone).Date;
        if (per == "week") day = day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
        return day.ToString(per == "month" ? "yyyy-MM" : "yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    private static IEnumerable<string> Names(ApiStatsGroup group, IReadOnlyList<string> by) => by.Select(field => Plain.Cut(group.Key.GetValueOrDefault(field) ?? "–", 40));

    private static string[] Cells(Sums sums) =>
        [Plain.Number(sums.Calls), Plain.Number(sums.Input), Plain.Number(sums.Cached), Plain.Number(sums.Output), Plain.Money(sums.Usd == 0 && sums.Unpriced > 0 ? null : sums.Usd), Plain.Number(sums.Unpriced)];

    private sealed record Sums(long Calls, long Input, long Cached, long Output, decimal Usd, long Unpriced)
    {
        public static Sums Of(ApiFigures figures) => new(figures.Calls, figures.InputTokens, figures.CacheReadTokens, figures.OutputTokens, figures.CostUsd, figures.UnpricedCalls);

        public Sums Plus(Sums other) => new(Calls + other.Calls, Input + other.Input, Cached + other.Cached, Output + other.Output, Usd + other.Usd, Unpriced + other.Unpriced);
    }
}
