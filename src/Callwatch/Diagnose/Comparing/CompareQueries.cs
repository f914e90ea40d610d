using Callwatch.Query;
using Callwatch.Query.Running;
using Callwatch.Spans;

namespace Callwatch.Diagnose.Comparing;

/// <summary>
/// Two windows held against each other. Reads sums, from rollups wherever those know the fields; rows are opened for a few examples alone and
/// where a filter asks for what only they know. Families of fields that are read from the same are one question with the time of one, or, where that
/// did not do, each its own; those that no time was left for are named. The windows are read at the same time, as far as there are cores for it.
/// </summary>
public sealed class CompareQueries(QueryGate gate, Scopes scopes, StatsQueries stats, CompareExamples examples, TimeProvider time)
{
    /// <summary>After this time no further family is begun.</summary>
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(6);

    private static readonly IReadOnlyList<Measure> OfSteps = [Measure.Latency, Measure.Errors, Measure.Calls];

    private sealed record Window(Asked Asked, BaselineChoice Choice)
    {
        public double Seconds => (Asked.Selection.To.UnixNanoseconds - Asked.Selection.From.UnixNanoseconds) / 1e9;
    }

    public async Task<Answer<WindowComparison>> CompareAsync(CompareQuestion question, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var selection = Ended(question.Selection);
        var (asked, invalid) = scopes.Read<WindowComparison>(selection);
        if (asked is null) return invalid!;
        var after = await FiguresAsync(selection, cancel);
        if (after is not Answer<StatsAnswer>.Found { Value: var figures }) return Unanswered(after);
        var (baseline, guard, before, problem) = await BaselinesAsync(question, selection, cancel);
        if (baseline is null) return problem!;
        var latency = before!.LatencyMs.P95;
        var (tables, leftOut, source) = await TablesAsync(asked, baseline, guard, SlowFrom.Above(latency, before.TtftMs.P95), started, cancel);
        var steps = await StepsAsync(asked, baseline, started, cancel);
        if (steps is null) leftOut = [.. leftOut, .. StepReader.Families.Select(family => family.Name)];
        if (tables.Count == 0) return new Answer<WindowComparison>.TooMuch("The two windows could not be added up in time. Take shorter ones, or fewer apps.");
        var now = new Window(asked, BaselineChoice.Given);
        var all = Totals(tables[0]);
        var movements = new Movements(tables, all, now.Seconds / baseline.Seconds, guard is null || all.Guard.Calls < Movements.EnoughCalls ? null : now.Seconds / guard.Seconds);
        var found = movements.Of(Measures.All);
        var measure = question.Measure ?? Movements.Most(found);
        var comparison = new WindowComparison
        {
            From = selection.From,
            To = selection.To,
            BaselineFrom = baseline.Asked.Selection.From,
            BaselineTo = baseline.Asked.Selection.To,
            Baseline = baseline.Choice,
            Guard = guard?.Choice,
            Before = before,
            After = figures.Groups.Count > 0 ? figures.Groups[0].Total : new Figures(),
            Enough = movements.Enough,
            Measure = measure,
            Movements = found,
            Source = source,
            Truncated = leftOut.Count > 0 || tables.Any(table => table.Truncated),
            LeftOut = leftOut,
            Steps = steps ?? [],
        };
        return new Answer<WindowComparison>.Found(question.Examples && comparison.Enough ? await examples.AddToAsync(comparison, selection, baseline.Asked.Selection, cancel) : comparison);
    }

    /// <summary>What has not happened yet cannot be compared: a window that goes on ends now.</summary>
    private Selection Ended(Selection selection)
    {
        var now = Timestamp.From(time.GetUtcNow());
        return selection.To > now && selection.From < now ? selection with { To = now } : selection;
    }

    private Task<Answer<StatsAnswer>> FiguresAsync(Selection selection, CancellationToken cancel) =>
        stats.FiguresAsync(new StatsQuestion { Selection = selection, Step = Step.Day, CountPeople = false }, cancel);

    private static Answer<WindowComparison> Unanswered(Answer<StatsAnswer> answer) => answer switch
    {
        Answer<StatsAnswer>.Invalid invalid => new Answer<WindowComparison>.Invalid(invalid.Field, invalid.Message, invalid.Offset),
        Answer<StatsAnswer>.TooMuch tooMuch => new Answer<WindowComparison>.TooMuch(tooMuch.Message) { RetryAfter = tooMuch.RetryAfter, MetDamage = tooMuch.MetDamage, CannotRead = tooMuch.CannotRead },
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The earlier window, and the other one that guards: a week ago what happens every week, just before what changed since.</summary>
    private async Task<(Window? Baseline, Window? Guard, Figures? Before, Answer<WindowComparison>? Problem)> BaselinesAsync(CompareQuestion question, Selection selection, CancellationToken cancel)
    {
        if (question.Baseline is { } given)
        {
            var earlier = selection with { From = given.From, To = given.To };
            var (asked, invalid) = scopes.Read<WindowComparison>(earlier);
            if (asked is null) return (null, null, null, new Answer<WindowComparison>.Invalid("baseline_" + invalid!.Field, invalid.Message.Replace("'to'", "'baseline_to'", StringComparison.Ordinal).Replace("'from'", "'baseline_from'", StringComparison.Ordinal)));
            var answer = await FiguresAsync(earlier, cancel);
            return answer is Answer<StatsAnswer>.Found found ? (new Window(asked, BaselineChoice.Given), null, TotalOf(found.Value), null) : (null, null, null, Unanswered(answer));
        }

        var length = TimeSpan.FromTicks((selection.To.UnixNanoseconds - selection.From.UnixNanoseconds) / 100);
        var windows = new List<(Window Window, Figures Figures)>();
        Answer<StatsAnswer>? unanswered = null;
        foreach (var (choice, back) in new[] { (BaselineChoice.WeekAgo, TimeSpan.FromDays(7 * Math.Max(1, Math.Ceiling(length / TimeSpan.FromDays(7))))), (BaselineChoice.Before, length) })
        {
            if (selection.From.UnixNanoseconds < back.Ticks * 100) continue;
            var earlier = selection with { From = selection.From.Plus(-back), To = selection.To.Plus(-back) };
            var answer = await FiguresAsync(earlier, cancel);
            if (answer is Answer<StatsAnswer>.Found found) windows.Add((new Window(scopes.Read<WindowComparison>(earlier).Asked!, choice), TotalOf(found.Value)));
            else unanswered = answer;
        }

        // A week ago somebody may only just have begun to send.
        var serving = windows.Where(window => window.Figures.Calls >= Movements.EnoughCalls).ToList();
        if (serving.Count == 0) serving = windows.TakeLast(1).ToList();
        if (serving.Count == 0) return (null, null, null, unanswered is null ? new Answer<WindowComparison>.Invalid("from", "There is no time before 1970 to compare with.") : Unanswered(unanswered));
        return (serving[0].Window, serving.Count > 1 ? serving[1].Window : null, serving[0].Figures, null);
    }

    private static Figures TotalOf(StatsAnswer answer) => answer.Groups.Count > 0 ? answer.Groups[0].Total : new Figures();

    private static Sides Totals(SideTable table)
    {
        var all = new Sides();
        foreach (var cell in table.Cells.Values) all.Add(cell);
        return all;
    }

    private async Task<(IReadOnlyList<SideTable> Tables, IReadOnlyList<string> LeftOut, AnswerSource Source)> TablesAsync(
        Asked after, Window baseline, Window? guard, SlowFrom slow, long started, CancellationToken cancel)
    {
        var (tables, leftOut, source) = (new List<SideTable>(), new List<string>(), AnswerSource.Rollups);
        IReadOnlyList<Asked> windows = [baseline.Asked, after, .. guard is null ? Array.Empty<Asked>() : [guard.Asked]];
        var waiting = new Queue<IReadOnlyList<Family>>(Family.Together);
        while (waiting.TryDequeue(out var families))
        {
            var inTime = time.GetElapsedTime(started) < LongEnough;
            var read = inTime ? await ReadAsync(families, windows, slow, cancel) : null;
            if (read is null && inTime && families.Count > 1)
            {
                // Each for itself has the time of a question.
                waiting = new Queue<IReadOnlyList<Family>>([.. families.Select(family => (IReadOnlyList<Family>)[family]), .. waiting]);
                continue;
            }

            if (read is null)
            {
                // The first has all that the totals are made of.
                if (tables.Count == 0) break;
                leftOut.AddRange(Dimension.OfCalls.Where(dimension => families.Any(family => family.Name == dimension.Family)).Select(dimension => dimension.Name));
                continue;
            }

            for (var i = 0; i < families.Count; i++) tables.Add(new SideTable(read[0].Tables[i], read[1].Tables[i], guard is null ? null : read[2].Tables[i]));
            if (read.Any(one => one.Source == AnswerSource.Rows)) source = AnswerSource.Rows;
        }

        return (tables, leftOut, source);
    }

    // Side by side, as far as others leave places: each window has the time of one question.
    private async Task<IReadOnlyList<FamilyTables>?> ReadAsync(IReadOnlyList<Family> families, IReadOnlyList<Asked> windows, SlowFrom slow, CancellationToken cancel)
    {
        var reader = new FamilyReader(scopes);
        var read = await Task.WhenAll(windows.Select(window => gate.RunAsync(window.Selection.Scope, run => reader.Read(run, families, window, slow), cancel)));
        return read.Contains(null) ? null : [.. read.Select(one => one!)];
    }

    /// <summary>Null where they cannot be told, or not in time; none where a filter asks for what only calls have.</summary>
    private async Task<IReadOnlyList<StepChange>?> StepsAsync(Asked after, Window baseline, long started, CancellationToken cancel)
    {
        if (!StepReader.CanAnswer(after.Filter)) return [];
        if (time.GetElapsedTime(started) >= LongEnough) return null;
        var reader = new StepReader(scopes);
        var read = await Task.WhenAll(new[] { baseline.Asked, after }.Select(window => gate.RunAsync(window.Selection.Scope, run => new ReadSteps(reader.Read(run, window)), cancel)));
        if (read[0]?.Found is not { } before || read[1]?.Found is not { } now) return null;
        var scale = new Window(after, BaselineChoice.Given).Seconds / baseline.Seconds;
        var changes = new List<StepChange>();
        for (var i = 0; i < StepReader.Families.Count; i++)
        {
            var table = new SideTable(before.Tables[i], now.Tables[i], null);
            if (table.Cells.Count == 0) continue;
            var all = Totals(table);
            var movements = new Movements([table], all, scale, null, Subject.OfSteps(table.Family));
            changes.Add(new StepChange(table.Family.Name, all.Before.Calls, all.After.Calls, movements.Enough, movements.Of(OfSteps)));
        }

        return changes;
    }

    // So that what cannot be told is another answer than no time.
    private sealed record ReadSteps(StepTables? Found);
}
