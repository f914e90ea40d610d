using Callwatch.Diagnose.Comparing;
using Callwatch.Spans;

namespace Callwatch.Tests.Diagnose.Comparing;

/// <summary>The three windows of an incident.</summary>
internal enum Time
{
    /// <summary>The same hour a week ago.</summary>
    WeekAgo,

    /// <summary>The hour before.</summary>
    Before,

    Now,
}

/// <summary>What makes an incident harder than most.</summary>
internal enum Twist
{
    None,

    /// <summary>Something else goes wrong in the same way at the same time.</summary>
    TwoCauses,

    /// <summary>Another app has twice or three times as many calls, which is no harm.</summary>
    LargeDecoy,

    /// <summary>What was called is not called any more at all.</summary>
    Silent,

    /// <summary>A release and a version of a prompt come in the same window, and one of them is harmless.</summary>
    BothNew,
}

/// <summary>One call as it is drawn.</summary>
internal sealed record Drawn(
    Time Time, string App, string Operation, string Provider, string Model, string Environment, string Release, string Prompt, string Version, string User, IReadOnlyList<string> Tags)
{
    public double LatencyMs { get; init; }

    public double TtftMs { get; init; }

    public Outcome Outcome { get; init; }

    public decimal CostUsd { get; init; }

    public string? ValueOf(string dimension) => dimension switch
    {
        "app" => App,
        "operation" => Operation,
        "provider" => Provider,
        "model" => Model,
        "environment" => Environment,
        "release" => Release,
        "prompt" => Prompt,
        "prompt_version" => Version,
        "user" => User,
        _ => null,
    };

    public bool Has(IReadOnlyDictionary<string, string> values) =>
        values.All(pair => pair.Key == "tag" ? Tags.Contains(pair.Value) : ValueOf(pair.Key) == pair.Value);
}

/// <summary>
/// A made-up platform of several apps on which one thing goes wrong in the last window: a value of one dimension, or of two together, gets slow,
/// fails, gets dear, floods or falls silent. What else moves is no cause: hours have habits, traffic drifts, a value that always was bad is used
/// a little more, and a decoy moves by itself. All of it follows from the seed.
/// </summary>
internal sealed class GeneratedIncident
{
    private static readonly string[] Single = ["app", "operation", "model", "provider", "environment", "release", "prompt_version", "user", "tag"];
    private static readonly string[][] Both = [["app", "model"], ["operation", "model"], ["app", "provider"], ["app", "user"], ["app", "tag"]];

    private readonly Random random;
    private readonly App[] apps;
    private readonly (string Provider, string Model, double Speed, double Price, double Failing)[] models;
    private readonly string[] tags = ["beta", "eu", "mobile", "batch", "vip"];
    private readonly double[] habit;
    private readonly double growth;
    private readonly App? decoyApp;
    private readonly double decoySlower, decoyMore;
    private readonly double factor;
    private readonly double rollout;
    private readonly Twist twist;
    private readonly string? harmlessFor;
    private string? newFor;

    private sealed record App(string Name, double Weight, Operation[] Operations, string[] Users, string Release, string Older);

    private sealed record Operation(string Name, double Weight, double Long, int[] Models, double[] Shares);

    public GeneratedIncident(int seed, int callsOfWindow, Twist twist = Twist.None)
    {
        this.twist = twist;
        random = new Random(seed);
        models = [.. Enumerable.Range(0, 7).Select(i => ($"provider-{i % 3}", $"model-{i}", Between(600, 3_500), Between(0.001, 0.03), Between(0.003, 0.02)))];
        apps = [.. Enumerable.Range(0, 4).Select(MakeApp)];
        habit = [.. apps.Select(_ => Between(0.5, 1.8))];
        growth = Between(0.9, 1.15);
        Measure = twist switch
        {
            Twist.None => (Measure)random.Next(5),
            Twist.Silent => Measure.Calls,
            // That another app is used more is a cause of cost and of calls.
            _ => (Measure)random.Next(3),
        };
        rollout = Between(0.5, 1);
        Cause = new Dictionary<string, string>(StringComparer.Ordinal);
        (Cause, factor) = Choose();
        if (twist == Twist.TwoCauses) Second = ChooseSecond();
        if (twist == Twist.BothNew) harmlessFor = Cause.ContainsKey("release") ? Pick([.. apps.SelectMany(app => app.Operations).Where(one => !one.Name.StartsWith(newFor! + "-", StringComparison.Ordinal))]).Name : Pick([.. apps.Where(app => !newFor!.StartsWith(app.Name + "-", StringComparison.Ordinal))]).Name;
        decoyApp = Pick(twist == Twist.LargeDecoy ? [.. apps.Where(app => Cause.GetValueOrDefault("app") != app.Name)] : apps);
        (decoySlower, decoyMore) = (Between(1.1, 1.25), twist == Twist.LargeDecoy ? Between(2, 3) : Between(1.1, 1.4));
        Calls = [.. Enum.GetValues<Time>().SelectMany(time => Window(time, callsOfWindow))];
    }

    public Measure Measure { get; }

    /// <summary>Dimension to value.</summary>
    public IReadOnlyDictionary<string, string> Cause { get; }

    /// <summary>What else goes wrong, where something does.</summary>
    public IReadOnlyDictionary<string, string>? Second { get; }

    public IReadOnlyList<Drawn> Calls { get; }

    public override string ToString() => $"{Measure.Word()} × {factor:0.00} of {string.Join(", ", Cause.Select(pair => $"{pair.Key} {pair.Value}"))}";

    private App MakeApp(int number)
    {
        var operations = Enumerable.Range(0, random.Next(2, 5)).Select(i =>
        {
            int[] used = [.. Enumerable.Range(0, models.Length).OrderBy(_ => random.Next()).Take(random.Next(2, 4))];
            return new Operation($"app-{number}-op-{i}", Between(0.5, 2), Between(0.6, 1.8), used, [.. used.Select(_ => Between(0.3, 1))]);
        }).ToArray();
        return new App($"app-{number}", Between(0.5, 2), operations, [.. Enumerable.Range(0, 60).Select(i => $"user-{number}-{i}")], "2.0", "1.9");
    }

    private (IReadOnlyDictionary<string, string> Cause, double Factor) Choose()
    {
        while (true)
        {
            string[] dimensions = twist == Twist.BothNew ? [Pick<string>(["release", "prompt_version"])] : random.Next(4) == 0 ? Pick(Both) : [Pick(Single)];
            if (Measure == Measure.Calls && dimensions.Any(name => name is "release" or "prompt_version")) continue;
            // One user's latency seldom is a cause by itself.
            if (Measure is Measure.Latency or Measure.Ttft && dimensions.Contains("user")) continue;
            var like = Draw(Time.Before);
            var values = dimensions.ToDictionary(name => name, name => name == "tag" ? (like.Tags is [var tag, ..] ? tag : null) : name is "release" or "prompt_version" ? "new" : like.ValueOf(name), StringComparer.Ordinal);
            if (values.ContainsValue(null)) continue;
            var cause = values.ToDictionary(pair => pair.Key, pair => pair.Value!, StringComparer.Ordinal);
            // What comes new comes to one app or one operation.
            if (dimensions is ["release"]) (cause["release"], newFor) = ("2.1-" + like.App, like.App);
            if (dimensions is ["prompt_version"]) (cause["prompt_version"], cause["prompt"], newFor) = ("9", like.Prompt, like.Operation);
            var share = Enumerable.Range(0, 400).Count(_ => newFor is null ? Draw(Time.Before).Has(cause) : Draw(Time.Before) is var one && (one.App == newFor || one.Operation == newFor)) / 400d;
            var least = dimensions is ["user"] ? 0.01 : dimensions.Length == 2 ? 0.03 : 0.05;
            if (share < least || share > 0.6)
            {
                newFor = null;
                continue;
            }

            return (cause, Measure switch
            {
                Measure.Latency or Measure.Ttft => Between(1.8, 4),
                Measure.Errors => Between(0.15, 0.5),
                Measure.Cost => Between(2, 5),
                _ when twist == Twist.Silent => 0,
                _ => share > 0.15 && random.Next(2) == 0 ? Between(0, 0.25) : Between(3, 6) * (dimensions.Contains("user") ? 4 : 1),
            });
        }
    }

    private Dictionary<string, string> ChooseSecond()
    {
        while (true)
        {
            var like = Draw(Time.Before);
            var name = Pick<string>(["app", "operation", "model", "provider"]);
            var second = new Dictionary<string, string>(StringComparer.Ordinal) { [name] = like.ValueOf(name)! };
            var draws = Enumerable.Range(0, 400).Select(_ => Draw(Time.Before)).ToList();
            // Of other calls than the first.
            var (both, own) = (draws.Count(call => call.Has(second) && call.Has(Cause)), draws.Count(call => call.Has(second)));
            if (own is >= 40 and <= 200 && both * 4 < own) return second;
        }
    }

    private IEnumerable<Drawn> Window(Time time, int count)
    {
        if (time == Time.WeekAgo) count = (int)(count / growth);
        for (var i = 0; i < count; i++)
        {
            var call = Draw(time);
            var times = 1d;
            if (time == Time.Now && Measure == Measure.Calls && call.Has(Cause)) times = factor;
            // A decoy: one app is used more than it was, which is no harm.
            if (time == Time.Now && call.App == decoyApp!.Name) times *= decoyMore;
            for (var whole = (int)times + (random.NextDouble() < times - (int)times ? 1 : 0); whole > 0; whole--) yield return WithFigures(call);
        }
    }

    private Drawn Draw(Time time)
    {
        var app = Weighted(apps, [.. apps.Select((one, i) => one.Weight * (time == Time.Before ? habit[i] : 1))]);
        var operation = Weighted(app.Operations, [.. app.Operations.Select(one => one.Weight)]);
        var model = models[Weighted(operation.Models, operation.Shares)];
        var environment = random.NextDouble() switch { < 0.75 => "prod", < 0.92 => "staging", _ => "dev" };
        var release = random.NextDouble() < 0.85 ? app.Release : app.Older;
        // A decoy: a harmless release goes out to everybody while it happens.
        if (time == Time.Now && decoyApp is not null && app == decoyApp && !Cause.ContainsKey("release")) release = "2.0.1";
        var version = random.NextDouble() < 0.7 ? "2" : "1";
        var comes = time == Time.Now && newFor is not null && random.NextDouble() < rollout;
        if (comes && newFor == app.Name && Cause.TryGetValue("release", out var released)) release = released;
        // A decoy: what else comes new in the same window.
        if (time == Time.Now && harmlessFor == app.Name && random.NextDouble() < 0.7) release = "2.1-" + app.Name;
        if (time == Time.Now && harmlessFor == operation.Name && random.NextDouble() < 0.7) version = "9";
        if (comes && newFor == operation.Name && Cause.TryGetValue("prompt_version", out var written)) version = written;
        var user = app.Users[(int)(Math.Pow(random.NextDouble(), 2) * app.Users.Length)];
        return new Drawn(time, app.Name, operation.Name, model.Provider, model.Model, environment, release, "prompt of " + operation.Name, version, user, [.. tags.Where(_ => random.NextDouble() < 0.15)]);
    }

    private Drawn WithFigures(Drawn call)
    {
        var model = models.First(one => one.Model == call.Model);
        var work = apps.First(one => one.Name == call.App).Operations.First(one => one.Name == call.Operation);
        var hit = call.Time == Time.Now && (call.Has(Cause) || (Second is { } second && call.Has(second)));
        // The hour has its habits: the last provider is slower at this time of day, this week and last.
        var busy = call.Provider == "provider-2" && call.Time != Time.Before ? 1.15 : 1;
        // A decoy: something changed during the week, long before.
        var changed = call.App == decoyApp!.Name && call.Time != Time.WeekAgo ? decoySlower : 1;
        var latency = model.Speed * work.Long * busy * changed * Math.Exp(Normal() * 0.5) * (hit && Measure == Measure.Latency ? factor : 1);
        var failing = model.Failing + (hit && Measure == Measure.Errors ? factor : 0);
        return call with
        {
            LatencyMs = latency,
            TtftMs = latency * 0.3 * (hit && Measure == Measure.Ttft ? factor : 1),
            Outcome = random.NextDouble() < failing ? Outcome.Error : Outcome.Success,
            CostUsd = (decimal)Math.Round(model.Price * work.Long * Math.Exp(Normal() * 0.4) * (hit && Measure == Measure.Cost ? factor : 1), 9),
        };
    }

    private double Between(double low, double high) => low + (random.NextDouble() * (high - low));

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private T Pick<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];

    private T Weighted<T>(IReadOnlyList<T> of, double[] weights)
    {
        var at = random.NextDouble() * weights.Sum();
        for (var i = 0; i < of.Count; i++)
            if ((at -= weights[i]) < 0) return of[i];
        return of[^1];
    }
}
