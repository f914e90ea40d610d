using System.Globalization;
using Callwatch.Spans;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;

namespace Callwatch.Benchmarks.History;

/// <summary>
/// Spans as a month of real traffic would leave them: traces of one to eight spans with one to four calls, busy days and quiet nights,
/// sessions that last an hour, long tails in latency and tokens, two failures in a hundred. The same seed gives the same history.
/// </summary>
internal sealed class Traffic(Timestamp first, int days, long calls, IReadOnlyList<int> appIds, int seed = 1)
{
    // Spans of a trace with how many of them are calls, and how often such traces come.
    private static readonly (int Spans, int Calls, double UpTo)[] Sizes =
        [(1, 1, 0.62), (2, 1, 0.76), (3, 1, 0.87), (4, 2, 0.94), (5, 2, 0.97), (6, 3, 0.985), (7, 3, 0.993), (8, 4, 1)];

    private static readonly double CallsPerTrace = Sizes.Zip(Sizes.Prepend((Spans: 0, Calls: 0, UpTo: 0))).Sum(pair => pair.First.Calls * (pair.First.UpTo - pair.Second.UpTo));

    private const long Second = Timestamp.NanosecondsPerSecond;

    private readonly Random random = new(seed);
    private int offset;

    public long Calls { get; private set; }

    public long Spans { get; private set; }

    /// <summary>The spans of all traces that end in this minute, about; numbered by whoever stores them.</summary>
    public IEnumerable<List<ArrivedSpan>> Minutes(Func<long> number)
    {
        var total = (long)days * 1_440;
        var owed = 0.0;
        for (long minute = 0; minute < total; minute++)
        {
            owed += calls / CallsPerTrace / total * Busy((int)(minute % 1_440));
            var spans = new List<ArrivedSpan>();
            var start = first.UnixNanoseconds + (minute * 60 * Second);
            for (var count = (int)owed; count > 0; count--, owed--) AddTrace(spans, start + random.NextInt64(60 * Second), (double)minute / total, number());
            yield return spans;
        }
    }

    // Twice the mean in the afternoon, a sixth of it at night; the mean over a day is 1.
    private static double Busy(int minute) => 1 + (0.83 * Math.Sin((minute - 540) * Math.PI / 720));

    private void AddTrace(List<ArrivedSpan> into, long end, double progress, long number)
    {
        var size = random.NextDouble();
        var (count, callCount, _) = Sizes[Array.FindIndex(Sizes, one => one.UpTo >= size)];
        // About an hour's sessions are open at a time; each belongs to one app and one user.
        var session = Math.Clamp((int)((progress * Cast.Sessions) + random.Next(-300, 300)), 0, Cast.Sessions - 1);
        var of = new Owner(session, appIds);
        var trace = new TraceId((ulong)random.NextInt64() | 1, (ulong)random.NextInt64());
        var calls = new List<Span>(callCount);
        var at = end;
        for (var i = 0; i < callCount; i++)
        {
            var call = Call(trace, of, at, child: count > 1);
            at = call.Start.UnixNanoseconds - random.NextInt64(1_000_000, 40_000_000);
            calls.Add(call);
        }

        if (count == 1)
        {
            Add(into, calls[0], number);
            return;
        }

        var failed = calls[0].Outcome == Outcome.Error;
        var root = new Span
        {
            TenantId = 1,
            AppId = of.App,
            TraceId = trace,
            SpanId = NewId(),
            Name = of.Operation,
            DisplayName = of.Operation,
            Kind = count > 4 ? SpanKind.Agent : SpanKind.Chain,
            Start = new Timestamp(at - 5_000_000),
            End = new Timestamp(end + 2_000_000),
            DurationNanoseconds = end - at + 7_000_000,
            Outcome = failed ? Outcome.Error : Outcome.Success,
            Error = failed ? calls[0].Error : null,
            Environment = of.Environment,
            Release = of.Release,
            UserId = of.User,
            SessionId = of.Session,
            Tags = of.Tags,
        };
        foreach (var call in calls) Add(into, call with { ParentSpanId = root.SpanId }, number);
        for (var i = 1 + callCount; i < count; i++) Add(into, Step(trace, root, of, i), number);
        Add(into, root, number);
    }

    private Span Step(TraceId trace, Span root, Owner of, int turn)
    {
        var took = Skewed(20_000_000, 1.0);
        var name = turn % 2 == 0 ? "search_documents" : "lookup_order";
        return new Span
        {
            TenantId = 1,
            AppId = of.App,
            TraceId = trace,
            SpanId = NewId(),
            ParentSpanId = root.SpanId,
            Name = name,
            DisplayName = name,
            Kind = turn % 2 == 0 ? SpanKind.Retrieval : SpanKind.Tool,
            Start = root.Start,
            End = new Timestamp(root.Start.UnixNanoseconds + took),
            DurationNanoseconds = took,
            Outcome = Outcome.Success,
            Environment = of.Environment,
            Release = of.Release,
            UserId = of.User,
            SessionId = of.Session,
            Tags = of.Tags,
        };
    }

    private Span Call(TraceId trace, Owner of, long end, bool child)
    {
        var model = Cast.ModelOf(of.AppIndex, random.Next(10) switch { < 6 => 0, < 8 => 1, 8 => 2, _ => 3 });
        var (failed, cancelled) = (random.Next(50) == 0, random.Next(200) == 0);
        var failure = failed ? Cast.Failures[(int)(Cast.Failures.Length * Math.Pow(random.NextDouble(), 2))] : null;
        var took = Skewed((long)(model.MedianSeconds * Second), 0.7);
        var (input, output) = (Skewed(900, 1.0) + 20, model.Kind == SpanKind.Embedding ? 0 : Skewed(180, 0.9) + 1);
        var streams = model.Kind == SpanKind.Chat && random.Next(3) > 0;
        var cached = random.Next(3) == 0 ? input / 2 : (long?)null;
        var name = (model.Kind == SpanKind.Embedding ? "embeddings " : "chat ") + model.Name;
        return new Span
        {
            TenantId = 1,
            AppId = of.App,
            TraceId = trace,
            SpanId = NewId(),
            Name = name,
            DisplayName = name,
            Kind = model.Kind,
            Start = new Timestamp(end - took),
            End = new Timestamp(end),
            DurationNanoseconds = took,
            Outcome = failed ? Outcome.Error : cancelled ? Outcome.Cancelled : Outcome.Success,
            Error = failure is null ? null : new SpanError
            {
                Type = failure.Type,
                Group = failure.Group,
                Message = failure.Message.Replace("{1}", random.Next(100, 100_000).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal),
            },
            HttpStatus = failure?.Status,
            Environment = of.Environment,
            Release = of.Release,
            UserId = of.User,
            SessionId = of.Session,
            Tags = of.Tags,
            Metadata = child ? Span.EmptyMetadata : of.Metadata,
            InputPreview = Sentences.Question(random),
            OutputPreview = failed ? null : Sentences.Answer(random),
            Call = new LlmCall
            {
                Source = CallSource.Recorded,
                Operation = of.Operation,
                Provider = model.Provider,
                ProviderRaw = model.Provider,
                RequestModel = model.Name,
                ResponseModel = failed ? null : model.Name,
                ResponseId = failed ? null : "resp-" + random.NextInt64().ToString("x16", CultureInfo.InvariantCulture),
                Streaming = streams,
                TtftNanoseconds = streams && !failed ? took / 6 : null,
                Usage = failed ? TokenUsage.Unknown : new TokenUsage { Input = input, Output = output, Total = input + output, CacheRead = cached },
                Cost = failed ? CallCost.Unknown("no_usage") : Cost(model, input, output, cached ?? 0),
                FinishReasons = failed ? [] : random.Next(12) == 0 ? ["length"] : ["stop"],
                Temperature = 0.7,
                MaxTokens = 1_024,
                PromptName = of.Operation,
                PromptVersion = of.PromptVersion,
            },
        };
    }

    private static CallCost Cost(Cast.Model model, long input, long output, long cached)
    {
        var (fresh, read, written) = ((input - cached) * model.InputPrice, cached * model.InputPrice / 10, output * model.OutputPrice);
        return new CallCost { InputUsd = fresh, CacheReadUsd = read, OutputUsd = written, TotalUsd = fresh + read + written, Source = "computed", PriceId = model.Name, PriceBook = "2026-11-01", PricedModel = model.Name };
    }

    private void Add(List<ArrivedSpan> into, Span span, long number)
    {
        if (span.Call is not null) Calls++;
        Spans++;
        into.Add(new ArrivedSpan(span, new SpanVersion(number, offset++), 600, new Timestamp(span.End.UnixNanoseconds + Second)));
    }

    private SpanId NewId() => new((ulong)random.NextInt64() | 1);

    /// <summary>A long tail to the right: half lie below the median, one in a hundred far above it.</summary>
    private long Skewed(long median, double spread)
    {
        // The sum of twelve is as good as normal, and needs no logarithm.
        var normal = -6.0;
        for (var i = 0; i < 12; i++) normal += random.NextDouble();
        return (long)(median * Math.Exp(spread * normal));
    }

    /// <summary>What follows from the session: its app, user and the rest, so that a session is one conversation with one person.</summary>
    private readonly struct Owner
    {
        public Owner(int session, IReadOnlyList<int> appIds)
        {
            var dice = new SessionDice(session);
            AppIndex = Cast.Pick(Cast.AppShares, dice.Next());
            App = appIds[AppIndex];
            var user = dice.Next();
            // Some talk a hundred times as much as others.
            User = "user-" + ((int)(Cast.Users * user * user)).ToString(CultureInfo.InvariantCulture);
            Session = "session-" + session.ToString(CultureInfo.InvariantCulture);
            Operation = Cast.Operations[(AppIndex * 2) + (dice.Next() < 0.8 ? 0 : 1)];
            Environment = Cast.Environments[dice.Next() switch { < 0.85 => 0, < 0.92 => 1, < 0.96 => 2, < 0.98 => 3, _ => 4 }];
            Release = "1." + (session * 12 / Cast.Sessions).ToString(CultureInfo.InvariantCulture) + (dice.Next() < 0.9 ? ".0" : ".1");
            PromptVersion = (1 + (session * 8 / Cast.Sessions)).ToString(CultureInfo.InvariantCulture);
            Tags = dice.Next() < 0.4 ? [Cast.Tags[(int)(dice.Next() * Cast.Tags.Length)], "conversation"] : [];
            Metadata = new Dictionary<string, string> { ["plan"] = Cast.Plans[(int)(dice.Next() * Cast.Plans.Length)], ["region"] = dice.Next() < 0.5 ? "eu" : "us" };
        }

        public int AppIndex { get; }
        public int App { get; }
        public string User { get; }
        public string Session { get; }
        public string Operation { get; }
        public string Environment { get; }
        public string Release { get; }
        public string PromptVersion { get; }
        public IReadOnlyList<string> Tags { get; }
        public IReadOnlyDictionary<string, string> Metadata { get; }
    }

    private struct SessionDice(int session)
    {
        private ulong state = ((ulong)session + 1) * 0x9E3779B97F4A7C15;

        public double Next()
        {
            state += 0x9E3779B97F4A7C15;
            var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return ((mixed ^ (mixed >> 31)) >> 11) * (1.0 / (1UL << 53));
        }
    }
}
