using Callwatch.Query;
using Callwatch.Query.Traces;
using Callwatch.Spans;

namespace Callwatch.Diagnose.Comparing;

/// <summary>Critical paths of a few traces of each window, spread over it: what an average trace waited for.</summary>
public sealed class PathSamples(CallQueries calls, TraceQueries traces, TimeProvider time)
{
    private const int Slices = 6;
    private const int TracesOfSlice = 5;
    private const int MostSpans = 1_000;
    private const int MostParts = 8;
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(0.8);

    /// <summary>Null where one of the windows has no trace to look at.</summary>
    public async Task<PathComparison?> CompareAsync(Selection before, Selection after, CancellationToken cancel)
    {
        var (then, now) = (await SampleAsync(before, cancel), await SampleAsync(after, cancel));
        if (then.Traces == 0 || now.Traces == 0) return null;
        var parts = then.Spent.Keys.Union(now.Spent.Keys)
            .Select(key => new PathPart(key.Spending, key.Name, Each(then, key), Each(now, key)))
            .OrderByDescending(part => Math.Abs(part.AfterMs - part.BeforeMs)).ThenBy(part => part.Name, StringComparer.Ordinal).ToList();
        var rest = parts.Skip(MostParts).GroupBy(part => part.Spending, StringComparer.Ordinal).Select(group => new PathPart(group.Key, null, group.Sum(part => part.BeforeMs), group.Sum(part => part.AfterMs)));
        return new PathComparison(then.Traces, now.Traces, [.. parts.Take(MostParts), .. rest]);
    }

    private sealed record Sample(int Traces, IReadOnlyDictionary<(string Spending, string? Name), long> Spent);

    private static double Each(Sample sample, (string, string?) key) => sample.Spent.GetValueOrDefault(key) / 1e6 / sample.Traces;

    private async Task<Sample> SampleAsync(Selection selection, CancellationToken cancel)
    {
        var (started, read, spent) = (time.GetTimestamp(), 0, new Dictionary<(string, string?), long>());
        var width = (selection.To.UnixNanoseconds - selection.From.UnixNanoseconds) / Slices;
        for (var slice = 0; slice < Slices; slice++)
        {
            var own = selection with { From = new Timestamp(selection.From.UnixNanoseconds + (slice * width)), To = new Timestamp(selection.From.UnixNanoseconds + ((slice + 1) * width)) };
            if (own.To <= own.From || await calls.ListAsync(own, SortOrder.Newest, 4 * TracesOfSlice, null, cancel) is not Answer<Page<Span>>.Found { Value.Items: var listed }) continue;
            foreach (var trace in listed.Select(call => call.TraceId).Distinct().Take(TracesOfSlice))
            {
                if (time.GetElapsedTime(started) > LongEnough) return new Sample(read, spent);
                if (await FindAsync(selection.Scope, trace, cancel) is not { } view) continue;
                read++;
                foreach (var (spending, nanoseconds, name) in TimeSpent.Parts(CriticalPath.Of(new SpanTree(view.Spans))))
                {
                    var key = (Word(spending), (string?)name);
                    spent[key] = spent.GetValueOrDefault(key) + nanoseconds;
                }
            }
        }

        return new Sample(read, spent);
    }

    private async Task<TraceView?> FindAsync(ReadScope scope, TraceId trace, CancellationToken cancel)
    {
        try
        {
            return await traces.FindOutlineAsync(scope, trace, MostSpans, cancel);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private static string Word(Spending spending) => spending switch
    {
        Spending.FirstToken => "first_token",
        Spending.Generating => "generating",
        Spending.Failed => "failed",
        Spending.Tools => "tools",
        _ => "own_code",
    };
}
