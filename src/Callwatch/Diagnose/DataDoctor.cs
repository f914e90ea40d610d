using System.Globalization;
using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Query.Filters;
using Callwatch.Spans;
using Callwatch.Telemetry;

namespace Callwatch.Diagnose;

/// <summary>Looks at what a tenant is sent: who has fallen silent, who keeps prompts and answers back, what has no price, what is not understood.</summary>
public sealed class DataDoctor(StatsQueries stats, CallQueries calls, UnknownSpans unknown, Counters counters, TimeProvider time)
{
    private const int MostApps = 20, MostModels = 20, MostNamed = 5, Sample = 50, Enough = 10;

    private const long Usual = 10;

    private static readonly TimeSpan Silence = TimeSpan.FromHours(3), Day = TimeSpan.FromDays(1);

    public async Task<IReadOnlyList<Finding>> ExamineAsync(ReadScope scope, CancellationToken cancel)
    {
        var hour = Timestamp.FromUnixSeconds(time.GetUtcNow().ToUnixTimeSeconds() / 3600 * 3600);
        var week = await AskAsync(new Selection { Scope = scope, From = hour.Plus(TimeSpan.FromDays(-7)), To = hour }, ["app"], Step.Hour, cancel);
        var last = new Selection { Scope = scope, From = hour.Plus(-Day), To = hour.Plus(TimeSpan.FromHours(1)) };
        var today = await AskAsync(last, ["app"], Step.Day, cancel);
        var findings = new List<Finding>();
        AddAll(findings, "senders", Silent(week, hour));
        var (messages, conventions) = await SampledAsync(last, today, cancel);
        AddAll(findings, "messages", messages);
        AddAll(findings, "prices", await UnpricedAsync(last, await AskAsync(last, ["asked_model", "provider"], Step.Day, cancel), cancel));
        AddAll(findings, "conventions", [.. conventions, .. await unknown.FindAsync(last, cancel)]);
        AddAll(findings, "sender_clocks", Clocks(scope.TenantId));
        return findings;
    }

    private static void AddAll(List<Finding> all, string check, IReadOnlyList<Finding> found) =>
        all.AddRange(found.Count > 0 ? found : [new Finding(check, FindingLevel.Fine, "well")]);

    // Silent is who sent at this time yesterday, or around the clock, and sends nothing now.
    private static List<Finding> Silent(IReadOnlyList<StatsGroup> week, Timestamp hour)
    {
        var found = new List<Finding>();
        foreach (var group in week.Take(MostApps * 5))
        {
            var name = group.Key.GetValueOrDefault("app") ?? "";
            var lately = Sum(group, hour.Plus(-Silence), hour);
            var yesterday = Sum(group, hour.Plus(-Silence - Day), hour.Plus(-Day));
            var hours = group.Points.Count(point => point.Time >= hour.Plus(-Silence - Day) && point.Time < hour.Plus(-Silence) && point.Figures.Calls > 0);
            if (lately > 0 || (yesterday < Usual && hours < 18)) continue;
            var since = group.Points.Where(point => point.Figures.Calls > 0).Select(point => point.Time).DefaultIfEmpty(hour).Max();
            found.Add(new Finding(
                "senders", FindingLevel.Warning,
                string.Create(CultureInfo.InvariantCulture, $"{name} has sent no call for {(long)((hour.UnixNanoseconds - since.UnixNanoseconds) / 3.6e12)} h; at this time yesterday it sent {yesterday}."),
                "Look whether it runs, what its exporter logs, and whether the key it sends with is in force.")
            {
                Foreign = [name],
                Page = "/calls?app=" + Uri.EscapeDataString(name) + "&from=-7d",
            });
        }

        return Few(found);

        static long Sum(StatsGroup group, Timestamp from, Timestamp to) => group.Points.Where(point => point.Time >= from && point.Time < to).Sum(point => point.Figures.Calls);
    }

    private async Task<(List<Finding> Messages, List<Finding> Conventions)> SampledAsync(Selection last, IReadOnlyList<StatsGroup> today, CancellationToken cancel)
    {
        var (messages, conventions) = (new List<Finding>(), new List<Finding>());
        foreach (var name in today.Where(group => group.Total.Calls >= Enough).Take(MostApps).Select(group => group.Key.GetValueOrDefault("app")).OfType<string>())
        {
            if (await calls.ListAsync(last with { Apps = [name] }, SortOrder.Newest, Sample, null, cancel) is not Answer<Page<Span>>.Found { Value.Items: { Count: >= Enough } sample }) continue;
            var page = "/calls?app=" + Uri.EscapeDataString(name) + "&from=-1d";
            var silent = sample.Count(span => span.Content == ContentState.NotCaptured);
            if (silent >= sample.Count * 0.9)
            {
                messages.Add(new Finding(
                    "messages", FindingLevel.Warning, string.Create(CultureInfo.InvariantCulture, $"{name} sends no prompts and answers: {silent} of its last {sample.Count} calls have none."),
                    "Most instrumentations keep them back until told: OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true, TRACELOOP_TRACE_CONTENT=true, or EnableSensitiveData in .NET. If that is meant, nothing has to be done.")
                {
                    Foreign = [name],
                    Page = page,
                });
            }

            var good = sample.Where(span => span.Outcome == Outcome.Success && span.Call is not null).ToList();
            if (good.Count < Enough) continue;
            AddMissing(good.Count(span => span.Call!.Model is null), "name no model");
            AddMissing(good.Count(span => span.Call!.Usage.IsUnknown), "say no token counts, so their cost is unknown");

            void AddMissing(int lacking, string what)
            {
                if (lacking < good.Count / 2) return;
                conventions.Add(new Finding(
                    "conventions", FindingLevel.Warning, string.Create(CultureInfo.InvariantCulture, $"Of {name}, {lacking} of the last {good.Count} calls {what}."),
                    "Its spans follow a convention that is known in part only. Update its instrumentation, or set gen_ai.request.model and gen_ai.usage.input_tokens, gen_ai.usage.output_tokens on the span.")
                {
                    Foreign = [name],
                    Page = page,
                });
            }
        }

        return (Few(messages), Few(conventions));
    }

    // Without token counts no price would help: of those the conventions tell.
    private async Task<List<Finding>> UnpricedAsync(Selection last, IReadOnlyList<StatsGroup> models, CancellationToken cancel)
    {
        var found = new List<Finding>();
        foreach (var group in models.Where(group => group.Total.UnpricedCalls > 0).OrderByDescending(group => group.Total.UnpricedCalls).Take(MostModels))
        {
            var (model, provider) = (group.Key.GetValueOrDefault("asked_model"), group.Key.GetValueOrDefault("provider"));
            var such = last with { Filter = $"{FilterPrinter.Term(FilterFields.AskedModel, null, model)} {FilterPrinter.Term(FilterFields.Provider, null, provider)} unpriced:true" };
            if (await calls.ListAsync(such, SortOrder.Newest, Enough, null, cancel) is not Answer<Page<Span>>.Found { Value.Items: var some }
                || !some.Any(span => span.Call?.Cost.Reason is CostReasons.UnknownModel or CostReasons.UnknownProvider or CostReasons.NoUnitPrice)) continue;
            found.Add(new Finding(
                "prices", FindingLevel.Warning,
                string.Create(CultureInfo.InvariantCulture, $"{group.Total.UnpricedCalls} calls of the last day have no cost: there is no price for {model ?? "a model without a name"}{(provider is null ? "" : " of " + provider)}."),
                "Set one on the page Cost, or with PUT /api/v1/prices; callwatch reprice then prices what is stored.")
            {
                Foreign = [.. new[] { model, provider }.OfType<string>()],
                Page = "/cost",
            });
        }

        return Few(found);
    }

    private Finding[] Clocks(int tenantId) => counters.Snapshot(tenantId).TryGetValue(Reason.ClockAhead, out var ahead)
        ? [new Finding("sender_clocks", FindingLevel.Warning, string.Create(CultureInfo.InvariantCulture, $"{ahead} spans ended more than a day after they had come, since the start."), "A sender's clock is ahead: set it by a time server. The time of receipt was taken instead.") { Page = "/system" }]
        : [];

    private async Task<IReadOnlyList<StatsGroup>> AskAsync(Selection selection, string[] by, Step step, CancellationToken cancel) =>
        await stats.FiguresAsync(new StatsQuestion { Selection = selection, By = by, Step = step, CountPeople = false, TimesOfPoints = false, MaxGroups = 200 }, cancel) is Answer<StatsAnswer>.Found found ? found.Value.Groups : [];

    // A page of findings that are all alike helps nobody.
    private static List<Finding> Few(List<Finding> found) => found.Count <= MostNamed ? found
        : [.. found.Take(MostNamed), found[0] with { What = string.Create(CultureInfo.InvariantCulture, $"{found.Count - MostNamed} more like these."), Foreign = [], Page = null }];
}
