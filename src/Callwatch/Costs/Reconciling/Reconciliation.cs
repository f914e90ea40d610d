namespace Callwatch.Costs.Reconciling;

/// <summary>What is here of a model on one UTC day.</summary>
/// <param name="Errors">Calls that failed.</param>
/// <param name="MissingUsage">Calls that went well and carry no token counts; null when they could not be counted in time.</param>
public sealed record OurUsage(DateOnly Day, string Model, long Calls, long Errors, long Input, long CacheRead, long CacheWrite, long Output, decimal Usd, long Unpriced, long? MissingUsage);

/// <summary>Why both sides differ.</summary>
/// <param name="Code">A word of <see cref="Reconciliation"/>.</param>
/// <param name="Calls">How many calls it is about, where that is known.</param>
/// <param name="Share">Of a sample: what part of the other side is here.</param>
public sealed record Difference(string Code, long? Calls = null, double? Share = null);

/// <summary>One day and model, ours against theirs.</summary>
/// <param name="Model">The name both use, else what their names have in common.</param>
/// <param name="Theirs">Null where the export has nothing.</param>
/// <param name="Ours">Null where nothing came here.</param>
public sealed record ReconcileLine(DateOnly Day, string Model, IReadOnlyList<string> TheirModels, IReadOnlyList<string> OurModels, UsageRow? Theirs, OurUsage? Ours, IReadOnlyList<Difference> Differences);

/// <summary>Beside the rows: what is known of the days as wholes.</summary>
/// <param name="WithoutCall">Requests seen without a call, by day; null when they could not be counted.</param>
/// <param name="FirstDay">The first day of which anything is here, whoever sent it.</param>
public sealed record ReconcileFacts(IReadOnlyDictionary<DateOnly, long>? WithoutCall, DateOnly? FirstDay);

/// <summary>Sets an export and what is here beside each other and says why they differ, as far as numbers can tell. Pure.</summary>
public static class Reconciliation
{
    /// <summary>The two differ by less than a two-hundredth.</summary>
    public const string Agrees = "agrees";

    /// <summary>Nothing had come from anybody yet.</summary>
    public const string BeforeFirst = "before_first";

    /// <summary>Used by somebody who does not send here: other keys, apps or tenants.</summary>
    public const string OtherKeys = "other_keys";

    /// <summary>Not in the export: another account or project, or the export was narrowed.</summary>
    public const string NotInExport = "not_in_export";

    /// <summary>About the same part of each day is here, as with sampling.</summary>
    public const string Sampled = "sampled";

    /// <summary>Calls without a price.</summary>
    public const string Unpriced = "unpriced";

    /// <summary>Calls without token counts.</summary>
    public const string MissingUsage = "missing_usage";

    /// <summary>Requests that were seen on their way and of which no call was told, on that day, whatever their model.</summary>
    public const string WithoutCall = "without_call";

    /// <summary>One day has too much and the next too little: calls around midnight UTC.</summary>
    public const string UtcDays = "utc_days";

    /// <summary>More calls here than requests there: failed ones are not billed.</summary>
    public const string Failed = "failed";

    /// <summary>Given back by the provider: no call costs less than nothing.</summary>
    public const string Credits = "credits";

    /// <summary>The money differs and nothing above says why: discounts, batch prices, taxes, or other prices.</summary>
    public const string Prices = "prices";

    /// <summary>Nothing of this explains it.</summary>
    public const string Unexplained = "unexplained";

    private const double Same = 0.005;

    public static IReadOnlyList<ReconcileLine> Compare(UsageExport theirs, IReadOnlyList<OurUsage> ours, ReconcileFacts facts)
    {
        var lines = Lines(theirs.Rows, ours);
        var sample = SampleOf(lines);
        var byModel = lines.GroupBy(line => line.Model, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToDictionary(line => line.Day), StringComparer.Ordinal);
        return [.. lines.Select(line => line with { Differences = Why(line, facts, sample, byModel[line.Model]) }).OrderBy(line => line.Day).ThenBy(line => line.Model, StringComparer.Ordinal)];
    }

    /// <summary>The measure by which both can be compared: money where the export has it, else tokens, else requests.</summary>
    public static (double Theirs, double Ours) Measure(UsageRow? theirs, OurUsage? ours) => theirs switch
    {
        { Usd: { } usd } => ((double)usd, (double)(ours?.Usd ?? 0)),
        { Input: not null } or { Output: not null } => ((theirs.Input ?? 0) + (theirs.Output ?? 0), (theirs.Input is null ? 0 : ours?.Input ?? 0) + (theirs.Output is null ? 0 : ours?.Output ?? 0)),
        { Requests: { } requests } => (requests, ours?.Calls ?? 0),
        _ => (0, ours is null ? 0 : Math.Max(1, (double)ours.Usd)),
    };

    // By the names both use; where they do not use the same, by family.
    private static List<ReconcileLine> Lines(IReadOnlyList<UsageRow> theirs, IReadOnlyList<OurUsage> ours)
    {
        var families = theirs.Select(row => row.Model).Concat(ours.Select(row => row.Model)).Distinct(StringComparer.Ordinal).GroupBy(ModelFamily.Of, StringComparer.Ordinal);
        var (there, here) = (theirs.Select(row => row.Model).ToHashSet(StringComparer.Ordinal), ours.Select(row => row.Model).ToHashSet(StringComparer.Ordinal));
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var family in families)
        {
            // An export of money alone may name no model: then the day is one line.
            var exact = family.All(name => there.Contains(name) == here.Contains(name)) || family.Count() == 1;
            foreach (var name in family) keys[name] = exact ? name : family.Key;
        }

        var unnamed = theirs.All(row => row.Model.Length == 0 || row.Model == UsageExportReader.Credits);
        string KeyOf(string model) => unnamed && model != UsageExportReader.Credits ? "" : keys[model];
        var left = theirs.GroupBy(row => (row.Day, Key: KeyOf(row.Model))).ToDictionary(group => group.Key, group => group.ToList());
        var right = ours.GroupBy(row => (row.Day, Key: KeyOf(row.Model))).ToDictionary(group => group.Key, group => group.ToList());
        // What neither side has used is no line.
        return [.. left.Keys.Union(right.Keys).Where(key => right.ContainsKey(key) || !left[key].TrueForAll(row => row.IsNothing)).Select(key =>
        {
            var (one, other) = (left.GetValueOrDefault(key) ?? [], right.GetValueOrDefault(key) ?? []);
            return new ReconcileLine(
                key.Day, key.Key, Names(one.Select(row => row.Model)), Names(other.Select(row => row.Model)), one.Count == 0 ? null : one.Aggregate((a, b) => a.With(b)),
                other.Count == 0 ? null : other.Aggregate(Sum), []);
        })];
    }

    private static IReadOnlyList<string> Names(IEnumerable<string> models) => [.. models.Where(model => model.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static OurUsage Sum(OurUsage a, OurUsage b) => a with
    {
        Calls = a.Calls + b.Calls,
        Errors = a.Errors + b.Errors,
        Input = a.Input + b.Input,
        CacheRead = a.CacheRead + b.CacheRead,
        CacheWrite = a.CacheWrite + b.CacheWrite,
        Output = a.Output + b.Output,
        Usd = a.Usd + b.Usd,
        Unpriced = a.Unpriced + b.Unpriced,
        MissingUsage = a.MissingUsage is null || b.MissingUsage is null ? null : a.MissingUsage + b.MissingUsage,
    };

    /// <summary>The share that is here of each day, where it is about the same on most; null where it is not, or all is here.</summary>
    private static double? SampleOf(List<ReconcileLine> lines)
    {
        var shares = lines.Where(line => line is { Theirs: not null, Ours: not null }).Select(line => Measure(line.Theirs, line.Ours))
            .Where(both => both.Theirs > 0).Select(both => both.Ours / both.Theirs).Order().ToList();
        if (shares.Count < 4) return null;
        var middle = shares[shares.Count / 2];
        return middle is > 0.005 and < 0.95 && shares.Count(share => IsLike(share, middle)) * 4 >= shares.Count * 3 ? middle : null;
    }

    private static bool IsLike(double share, double sample) => Math.Abs(share - sample) <= sample * 0.15;

    private static List<Difference> Why(ReconcileLine line, ReconcileFacts facts, double? sample, Dictionary<DateOnly, ReconcileLine> days)
    {
        if (line.Theirs is null || (line is { Theirs.IsNothing: true, Ours.Calls: > 0 })) return [new Difference(NotInExport, line.Ours!.Calls)];
        if (line is { Model: UsageExportReader.Credits, Ours: null }) return [new Difference(Credits)];
        var (theirs, ours) = Measure(line.Theirs, line.Ours);
        var missing = theirs - ours;
        if (line.Ours is not null && Math.Abs(missing) <= Math.Abs(theirs) * Same) return [new Difference(Agrees)];
        var why = new List<Difference>();
        if (line.Ours is null) why.Add(facts.FirstDay is not { } first || line.Day < first ? new Difference(BeforeFirst) : new Difference(OtherKeys, line.Theirs.Requests));
        if (missing > 0)
        {
            if (line.Ours is { Unpriced: > 0 } && line.Theirs.Usd is not null) why.Add(new Difference(Unpriced, line.Ours.Unpriced));
            if (line.Ours is { MissingUsage: > 0 }) why.Add(new Difference(MissingUsage, line.Ours.MissingUsage));
            if (facts.WithoutCall?.GetValueOrDefault(line.Day) is > 0 and var without) why.Add(new Difference(WithoutCall, without));
            if (sample is { } share && line.Ours is not null && theirs > 0 && IsLike(ours / theirs, share)) why.Add(new Difference(Sampled, null, share));
        }
        else if (line.Theirs.Requests < line.Ours?.Calls && line.Ours.Errors > 0)
        {
            why.Add(new Difference(Failed, line.Ours.Errors));
        }

        if (MovesOver(line.Day, missing, days)) why.Add(new Difference(UtcDays));
        if (why.Count == 0) why.Add(new Difference(line.Theirs.Usd is not null ? Prices : Unexplained));
        return why;
    }

    // What this day lacks the day before or after has too much, or the other way round.
    private static bool MovesOver(DateOnly day, double missing, Dictionary<DateOnly, ReconcileLine> days)
    {
        foreach (var other in (DateOnly[])[day.AddDays(-1), day.AddDays(1)])
        {
            if (days.GetValueOrDefault(other) is not { Theirs: not null, Ours: not null } line) continue;
            var (theirs, ours) = Measure(line.Theirs, line.Ours);
            if (missing * (theirs - ours) < 0 && Math.Abs(missing + (theirs - ours)) <= 0.2 * Math.Max(Math.Abs(missing), Math.Abs(theirs - ours))) return true;
        }

        return false;
    }
}
