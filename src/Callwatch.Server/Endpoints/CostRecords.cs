using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Costs;
using Callwatch.Costs.LostCaching;
using Callwatch.Costs.Reconciling;
using Callwatch.Query;

namespace Callwatch.Server.Endpoints;

/// <summary>Costs as the API's records.</summary>
internal static class CostRecords
{
    public static ApiMonthCost ToApi(this MonthCost month, string zone) => new()
    {
        Month = month.Month.ToString("yyyy-MM", CultureInfo.InvariantCulture),
        Tz = zone,
        From = month.From.ToString(),
        Until = month.Until.ToString(),
        Day = month.Day,
        Days = month.Days,
        SpentUsd = month.SpentUsd,
        BeforeUsd = month.HasBefore ? month.BeforeUsd : null,
        UnpricedCalls = month.Unpriced,
        Forecast = month.Forecast is { } forecast
            ? new ApiForecast(forecast.Usd, forecast.LowUsd, forecast.HighUsd, forecast.Days, [.. forecast.Rest.Select(day => new ApiDayCost(Day(day.Day), day.Usd))]) : null,
        ByDay = [.. month.ByDay.Select(day => new ApiDayCost(Day(day.Day), day.Usd))],
    };

    public static ApiWhatIf ToApi(this WhatIfAnswer answer) => new()
    {
        Provider = answer.Quote.Provider,
        PriceId = answer.Quote.PriceId,
        PriceBook = answer.Quote.Book,
        NowUsd = answer.NowUsd,
        ThenUsd = answer.ThenUsd,
        DifferenceUsd = answer.ThenUsd - answer.NowUsd,
        Calls = answer.Calls,
        LeftOut = answer.LeftOut,
        Caveats = answer.Caveats,
        Lines = [.. answer.Lines.Select(line => new ApiWhatIfLine(line.Provider, line.Model, line.Kind, line.Calls, line.InputTokens, line.CachedTokens, line.OutputTokens, line.NowUsd, line.ThenUsd))],
    };

    public static ApiLostCaching ToApi(this LostCachingAnswer answer) => new()
    {
        LookedFrom = answer.LookedFrom.ToString(),
        Turns = answer.Turns,
        TurnsLost = answer.TurnsLost,
        LostTokens = answer.LostTokens,
        LostUsd = answer.LostUsd,
        UsdPerDay = answer.UsdPerDay,
        MoreItems = answer.MoreStreams,
        Items = [.. answer.Streams.Select(stream => new ApiLostStream
        {
            App = stream.App,
            Operation = stream.Operation,
            Provider = stream.Provider,
            Model = stream.Model,
            Turns = stream.Turns,
            TurnsLost = stream.TurnsLost,
            LostTokens = stream.LostTokens,
            LostUsd = stream.LostUsd,
            UsdPerDay = stream.UsdPerDay,
            UsualShare = stream.UsualShare,
            FirstLost = stream.FirstLost.ToString(),
            LastGood = stream.LastGood?.ToString(),
            Cause = stream.Cause?.ToApi(),
            CauseCount = stream.CauseCount,
            Examples = [.. stream.Examples.Select(ToApi)],
        })],
    };

    public static ApiCoverage ToApi(this CoverageAnswer answer) => new()
    {
        ModelRequests = answer.Requests,
        WithoutCall = answer.WithoutCall,
        NotCountedDays = [.. answer.NotCounted.Select(Day)],
        Items = [.. answer.Groups.Select(group => new ApiCoverageOf(group.App, group.Provider, group.Requests, group.WithoutCall))],
    };

    public static ApiReconcileImport ToApi(this ReconcileImport import) => new()
    {
        Id = import.Id,
        Name = import.Name,
        Provider = import.Provider,
        Kind = import.Kind,
        FirstDay = Day(import.FirstDay),
        LastDay = Day(import.LastDay),
        Lines = import.Lines,
        Who = import.Who,
        Time = import.Time.ToString(),
    };

    public static ApiReconciliation ToApi(this ReconcileAnswer answer) => new()
    {
        Import = answer.Import.ToApi(),
        Items = [.. answer.Lines.Select(ToApi)],
        Total = new ApiReconcileTotals(
            answer.Lines.Any(line => line.Theirs?.Usd is not null) ? answer.Lines.Sum(line => line.Theirs?.Usd ?? 0) : null, answer.Lines.Sum(line => line.Ours?.Usd ?? 0),
            Total(answer, row => row.Input), answer.Lines.Sum(line => line.Ours?.Input ?? 0), Total(answer, row => row.Output), answer.Lines.Sum(line => line.Ours?.Output ?? 0),
            Total(answer, row => row.Requests), answer.Lines.Sum(line => line.Ours?.Calls ?? 0)),
    };

    private static long? Total(ReconcileAnswer answer, Func<UsageRow, long?> value) =>
        answer.Lines.Any(line => line.Theirs is { } row && value(row) is not null) ? answer.Lines.Sum(line => line.Theirs is { } row ? value(row) ?? 0 : 0) : null;

    private static ApiReconcileLine ToApi(ReconcileLine line) => new()
    {
        Day = Day(line.Day),
        Model = line.Model,
        Theirs = line.Theirs is { } theirs ? new ApiReconcileSide
        {
            Models = line.TheirModels,
            Calls = theirs.Requests,
            InputTokens = theirs.Input,
            CacheReadTokens = theirs.CacheRead,
            CacheWriteTokens = theirs.CacheWrite,
            OutputTokens = theirs.Output,
            Usd = theirs.Usd,
        }
        : null,
        Ours = line.Ours is { } ours ? new ApiReconcileSide
        {
            Models = line.OurModels,
            Calls = ours.Calls,
            InputTokens = ours.Input,
            CacheReadTokens = ours.CacheRead,
            CacheWriteTokens = ours.CacheWrite,
            OutputTokens = ours.Output,
            Usd = ours.Usd,
            UnpricedCalls = ours.Unpriced,
            CallsWithoutUsage = ours.MissingUsage,
        }
        : null,
        Reasons = [.. line.Differences.Select(reason => new ApiReconcileReason(reason.Code, reason.Calls, reason.Share))],
    };

    private static ApiLostTurn ToApi(LostTurn turn) => new()
    {
        SessionId = turn.Session,
        BeforeTraceId = turn.BeforeTrace.ToString(),
        BeforeSpanId = turn.BeforeSpan.ToString(),
        TraceId = turn.Trace.ToString(),
        SpanId = turn.Span.ToString(),
        At = turn.At.ToString(),
        GapMs = turn.Gap.TotalMilliseconds,
        InputTokensBefore = turn.PromptBefore,
        InputTokens = turn.Prompt,
        CacheReadTokensBefore = turn.CachedBefore,
        CacheReadTokens = turn.Cached,
        LostTokens = turn.LostTokens,
        Cause = turn.Cause.ToApi(),
    };

    private static ApiCacheBreak ToApi(this CacheBreak cause) => cause switch
    {
        CacheBreak.Message message => new ApiCacheBreak
        {
            Kind = cause.Word,
            Message = message.Place,
            Role = message.Role.Length == 0 ? null : message.Role,
            Part = message.Part,
            Character = message.Character,
            Before = message.Before,
            After = message.After,
        },
        CacheBreak.Dropped dropped => new ApiCacheBreak { Kind = cause.Word, Message = dropped.Place, Role = dropped.Role },
        CacheBreak.Tools tools => new ApiCacheBreak { Kind = cause.Word, Tool = tools.Name },
        CacheBreak.Unknown unknown => new ApiCacheBreak { Kind = cause.Word, Content = [unknown.Before.Word(), unknown.After.Word()] },
        _ => new ApiCacheBreak { Kind = cause.Word },
    };

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
