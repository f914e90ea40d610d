using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Costs;
using Callwatch.Normalize.Pricing;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Rows;
using Callwatch.Store.Sqlite;
using Callwatch.Store.Writing;
using Callwatch.Testing;
using Callwatch.Tests.Query;
using Callwatch.Tests.Store;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Costs;

public sealed class WhatIfTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_class_of_tokens_is_priced_by_the_other_models_prices_exactly()
    {
        using var world = new QueryWorld(6);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var answer = Assert.IsType<Answer<WhatIfAnswer>.Found>(await new WhatIf(world.Stats, new PriceBooks(), world.Time).AskAsync(selection, "openai", "gpt-4o-mini", Cancel)).Value;
        // Of models without any price there is nothing to compare with.
        var chats = world.AllCalls().Where(call => call.Kind is SpanKind.Chat or SpanKind.Completion).GroupBy(call => (call.Kind, call.Call!.Provider, call.Call.RequestModel ?? call.Call.Model))
            .Where(group => group.Sum(call => call.Call!.Cost.TotalUsd ?? 0) > 0 || !group.Any(call => CostReasons.IsUnpriced(call.Call!.Cost))).SelectMany(group => group).ToList();
        Assert.Equal(chats.Count, answer.Calls);
        Assert.Equal(world.AllCalls().Count - chats.Count, answer.LeftOut);
        Assert.Equal(chats.Sum(call => call.Call!.Cost.TotalUsd ?? 0), answer.NowUsd);
        var (input, cached, output) = (chats.Sum(call => call.Call!.Usage.Input ?? 0), chats.Sum(call => call.Call!.Usage.CacheRead ?? 0), chats.Sum(call => call.Call!.Usage.Output ?? 0));
        Assert.Equal((((input - cached) * 0.15m) + (cached * 0.075m) + (output * 0.6m)) / 1_000_000, answer.ThenUsd);
        Assert.Contains(WhatIf.OtherTokens, answer.Caveats);
        Assert.Contains(WhatIf.OtherKinds, answer.Caveats);
        Assert.Contains(WhatIf.UnpricedNow, answer.Caveats);
    }

    [Fact]
    public async Task Calls_of_models_past_the_bound_are_counted_as_left_out_and_said()
    {
        using var world = new QueryWorld(chunks: 0);
        // Over years there is room for a few models only.
        const int Models = 40;
        world.Store.Store(Enumerable.Range(0, Models).Select(model => new ArrivedSpan(
            new Span
            {
                TenantId = 1,
                AppId = world.OnlyApp(0).OnlyAppId!.Value,
                TraceId = new TraceId(5, (ulong)model + 1),
                SpanId = new SpanId(1),
                Name = "chat",
                DisplayName = "chat",
                Kind = SpanKind.Chat,
                Start = RandomTraffic.Midnight,
                End = RandomTraffic.Midnight,
                DurationNanoseconds = 1,
                Outcome = Outcome.Success,
                Call = new LlmCall { Source = CallSource.Recorded, Provider = "openai", RequestModel = "m" + model, Usage = new TokenUsage { Input = 1_000 }, Cost = new CallCost { TotalUsd = 1 } },
            },
            new SpanVersion(1, model), 10, RandomTraffic.Midnight)));
        var selection = new Selection { Scope = QueryWorld.Tenant, From = RandomTraffic.Midnight.Plus(TimeSpan.FromDays(-2_000)), To = QueryWorld.To };
        var answer = Assert.IsType<Answer<WhatIfAnswer>.Found>(await new WhatIf(world.Stats, new PriceBooks(), world.Time).AskAsync(selection, "openai", "gpt-4o-mini", Cancel)).Value;
        Assert.InRange(answer.Calls, 1, Models - 1);
        Assert.Equal(Models, answer.Calls + answer.LeftOut);
        Assert.Contains(WhatIf.MoreModels, answer.Caveats);

        var shorter = Assert.IsType<Answer<WhatIfAnswer>.Found>(await new WhatIf(world.Stats, new PriceBooks(), world.Time).AskAsync(selection with { From = QueryWorld.From }, "openai", "gpt-4o-mini", Cancel)).Value;
        Assert.Equal((Models, 0), (shorter.Calls, shorter.LeftOut));
        Assert.DoesNotContain(WhatIf.MoreModels, shorter.Caveats);
    }

    [Fact]
    public async Task A_model_without_a_price_is_left_out_also_where_some_of_its_calls_failed_and_cost_nothing()
    {
        using var world = new QueryWorld(chunks: 0);
        world.Store.Store([Call(1, "own-model", Outcome.Success, new CallCost { Reason = CostReasons.UnknownModel }), Call(2, "own-model", Outcome.Error, new CallCost { TotalUsd = 0 }), Call(3, "gpt-4o", Outcome.Success, new CallCost { TotalUsd = 1 })]);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        var answer = Assert.IsType<Answer<WhatIfAnswer>.Found>(await new WhatIf(world.Stats, new PriceBooks(), world.Time).AskAsync(selection, "openai", "gpt-4o-mini", Cancel)).Value;
        Assert.Equal((1, 2, 1m), (answer.Calls, answer.LeftOut, answer.NowUsd));
        Assert.Null(answer.Lines.Single(line => line.Model == "own-model").ThenUsd);
        Assert.Equal(answer.Lines.Single(line => line.Model == "gpt-4o").ThenUsd, answer.ThenUsd);

        ArrivedSpan Call(ulong trace, string model, Outcome outcome, CallCost cost) => new(
            new Span
            {
                TenantId = 1,
                AppId = world.OnlyApp(0).OnlyAppId!.Value,
                TraceId = new TraceId(6, trace),
                SpanId = new SpanId(1),
                Name = "chat",
                DisplayName = "chat",
                Kind = SpanKind.Chat,
                Start = RandomTraffic.Midnight,
                End = RandomTraffic.Midnight,
                DurationNanoseconds = 1,
                Outcome = outcome,
                Call = new LlmCall { Source = CallSource.Recorded, Provider = "openai", RequestModel = model, Usage = new TokenUsage { Input = 1_000_000 }, Cost = cost },
            },
            new SpanVersion(1, (int)trace), 10, RandomTraffic.Midnight);
    }

    [Fact]
    public async Task A_model_without_a_price_for_answers_is_refused_with_the_field_and_the_cure()
    {
        using var world = new QueryWorld(6, chunks: 1);
        var selection = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        foreach (var (provider, model) in new[] { ("acme", "gpt-4o"), ("openai", "nothing-like-it") })
        {
            var wrong = Assert.IsType<Answer<WhatIfAnswer>.Invalid>(await new WhatIf(world.Stats, new PriceBooks(), world.Time).AskAsync(selection, provider, model, Cancel));
            Assert.Equal("model", wrong.Field);
            Assert.Contains("openai/gpt-4o-mini", wrong.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_quote_says_what_is_priced_apart_and_what_is_not()
    {
        var prices = new PriceBooks();
        var opus = prices.Quote("anthropic", "claude-sonnet-4-5", A.Noon)!;
        Assert.Equal((3m, 0.3m, 3.75m, 15m, true, true), (opus.Input!.Value, opus.CacheRead!.Value, opus.CacheWrite!.Value, opus.Output!.Value, opus.HasCachePrice, opus.HasTiers));
        Assert.Null(prices.Quote("acme", "gpt-4o", A.Noon));
        Assert.Contains("gpt-4o-mini", prices.ModelsOf("openai"));
        Assert.DoesNotContain("text-embedding-3-small", prices.ModelsOf("openai"));
    }

    [Fact]
    public void An_own_price_is_put_beside_the_others_and_the_latest_day_goes_first()
    {
        using var folder = new TempFolder();
        using var db = new ControlDb(folder.At("control.db"));
        var time = new ManualTime();
        new FirstStart(db, new Keys(db, time), time).Ensure(folder.Path, givenAdminKey: null);
        var own = new OwnPrices(new PriceHistory(db, time), Options.Create(new PriceOptions()));
        var books = new PriceBooks(new PriceOptions(), own.AtStart, own.Past);
        void Put(OwnPriceEntry entry) => Assert.IsType<PutPricesResult.InForce>(own.Put(entry.PutInto(own.Entries()), books, new PricesChangedBy(1, "anna")));
        decimal? Price(string? provider, string model, string day) => books.Quote(provider, model, Timestamp.TryParse(day + "T00:00:00Z", out var at) ? at : default)?.Input;

        Put(new OwnPriceEntry("vllm", "qwen3-32b", 0.1m, null, null, 0.3m, null, null));
        Put(new OwnPriceEntry("vllm", "qwen3-32b", 0.4m, null, null, 0.3m, null, new DateOnly(2026, 10, 1)));
        Put(new OwnPriceEntry("vllm", "qwen3-32b", 0.2m, null, null, 0.3m, null, new DateOnly(2026, 9, 1)));
        Put(new OwnPriceEntry("vllm", "other", 7m, null, null, 7m, null, null));
        Put(new OwnPriceEntry(null, "Home-Grown", 5m, null, null, 5m, null, null));
        Assert.Equal([0.1m, 0.2m, 0.4m], new[] { "2026-08-31", "2026-09-01", "2026-10-01" }.Select(day => Price("vllm", "qwen3-32b", day)!.Value));
        Assert.Equal((7m, 5m), (Price("vllm", "other", "2026-09-01"), Price(null, "home-grown", "2026-09-01")));
        Put(new OwnPriceEntry("vllm", "qwen3-32b", 0.25m, null, null, 0.3m, null, new DateOnly(2026, 9, 1)));
        Assert.Equal([0.1m, 0.25m, 0.4m], new[] { "2026-08-31", "2026-09-01", "2026-10-01" }.Select(day => Price("vllm", "qwen3-32b", day)!.Value));
        Assert.Equal(4, JsonNode.Parse(Encoding.UTF8.GetString(own.Entries()!))!.AsArray().Sum(provider => provider!["models"]!.AsArray().Count) - 1);
        using var connection = db.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM audit WHERE what = 'change prices' AND who = 'anna' AND tenant = 1";
        Assert.Equal(6L, command.ExecuteScalar());
    }

    [Fact]
    public async Task The_month_so_far_is_that_of_its_calls_by_the_clocks_of_the_zone()
    {
        using var world = new QueryWorld(8);
        var costs = new CostQueries(world.Stats, world.Time);
        foreach (var name in new[] { "UTC", "Asia/Tokyo", "America/Los_Angeles" })
        {
            var zone = TimeZoneInfo.FindSystemTimeZoneById(name);
            var month = Assert.IsType<Answer<MonthCost>.Found>(await costs.MonthAsync(new Selection { Scope = QueryWorld.Tenant, From = world.Now, To = world.Now }, name, Cancel)).Value;
            var today = LocalDays.Of(world.Now, zone);
            var calls = world.AllCalls().Where(call => call.End <= world.Now && LocalDays.Of(call.End, zone) is var day && day.Year == today.Year && day.Month == today.Month).ToList();
            Assert.Equal(calls.Sum(call => call.Call!.Cost.TotalUsd ?? 0), month.SpentUsd);
            Assert.Equal(month.SpentUsd, month.ByDay.Sum(day => day.Usd));
            Assert.Equal((today.Day, LocalDays.FirstOfMonth(today)), (month.Day, month.Month));
        }

        Assert.Equal("tz", Assert.IsType<Answer<MonthCost>.Invalid>(await costs.MonthAsync(new Selection { Scope = QueryWorld.Tenant, From = world.Now, To = world.Now }, "Mars/Base", Cancel)).Field);
    }

    [Fact]
    public async Task Coverage_is_that_of_the_rows_also_after_spans_came_late()
    {
        using var world = new QueryWorld(9);
        world.Revise(200);
        var requests = world.AllSpans().Select(span => span.Span).Where(span => span.ModelRequest is not null).ToList();
        var answer = Assert.IsType<Answer<CoverageAnswer>.Found>(await world.Coverage.ReadAsync(new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To }, Cancel)).Value;
        Assert.Equal((requests.Count, requests.Count(request => request.IsWithoutCall)), ((int)answer.Requests, (int)answer.WithoutCall));
        Assert.InRange(answer.WithoutCall, 1, answer.Requests - 1);
        var shop = Assert.IsType<Answer<CoverageAnswer>.Found>(await world.Coverage.ReadAsync(new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To, Apps = ["shop"] }, Cancel)).Value;
        Assert.Equal(requests.Count(request => world.Apps.NameOf(request.AppId) == "shop"), shop.Requests);

        var all = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        foreach (var environment in requests.Select(request => request.Environment).Distinct())
        {
            var filter = environment is null ? "-env:*" : "env:" + environment;
            var own = Assert.IsType<Answer<CoverageAnswer>.Found>(await world.Coverage.ReadAsync(all with { Filter = filter }, Cancel)).Value;
            Assert.Equal(requests.Count(request => request.Environment == environment), own.Requests);
            Assert.Empty(own.NotCounted);
        }

        var provider = requests[0].ModelRequest!;
        Assert.Equal(requests.Count(request => request.ModelRequest == provider), Assert.IsType<Answer<CoverageAnswer>.Found>(await world.Coverage.ReadAsync(all with { Filter = "provider:" + provider }, Cancel)).Value.Requests);
        Assert.Equal("q", Assert.IsType<Answer<CoverageAnswer>.Invalid>(await world.Coverage.ReadAsync(all with { Filter = "model:gpt-4o" }, Cancel)).Field);
    }

    [Fact]
    public async Task Days_that_an_older_version_stored_are_not_taken_for_days_without_requests()
    {
        using var world = new QueryWorld(9);
        var all = new Selection { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };
        Assert.Empty(Assert.IsType<Answer<CoverageAnswer>.Found>(await world.Coverage.ReadAsync(all, Cancel)).Value.NotCounted);
        var old = world.Store.Folder.Partitions[0];
        using (var file = StoreDatabase.OpenForWriting(Path.Combine(world.Store.Folder.Folder, old.File), "partition", cacheKib: 1_024)) StoreDatabase.Execute(file, "DELETE FROM meta WHERE key = 'rules'");
        Assert.Equal([old.Day], Assert.IsType<Answer<CoverageAnswer>.Found>(await world.Coverage.ReadAsync(all, Cancel)).Value.NotCounted);
    }
}
