using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Destinations.Shared;
using Callwatch.Journal;
using Callwatch.Spans;

namespace Callwatch.Testing.StandIns;

/// <summary>The least a platform can be: a line for each span. For tests of what all platforms share.</summary>
public sealed class ScriptedKind : IDestinationKind
{
    public string Name => "scripted";

    public string Title => "Scripted";

    public IReadOnlyList<DestinationField> Fields { get; } = [new("url", "url", false, true, null, "Where it is.")];

    public bool Deduplicates { get; set; } = true;

    public DestinationLimits Limits { get; set; } = new(100, 1 << 20, 1);

    /// <summary>Called before each mapping.</summary>
    public Action<TraceToSend>? Mapping { get; set; }

    /// <summary>What is sent in place of a span's line; by default its trace, id and name, and its form where it has one.</summary>
    public Func<SpanToSend, Anchor, string>? Line { get; set; }

    public int Disposed { get; set; }

    public ConfigResult Normalize(JsonObject config, OutboundRules rules) => new ConfigResult.Good(config, []);

    public IDestination Create(JsonObject config, DestinationContext context) => new Scripted(this, new Uri((string)config["url"]!), context);

    private sealed class Scripted(ScriptedKind kind, Uri address, DestinationContext context) : ISignalDestination
    {
        private readonly PlatformAnswer answers = new(new Secrets("hunter2secret"), context.Time);

        public DestinationLimits Limits => kind.Limits;

        public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor)
        {
            kind.Mapping?.Invoke(trace);
            return [.. trace.Spans.Select(span => new OutboundItem
            {
                Route = "lines",
                TraceId = span.Span.TraceId,
                SpanIds = [span.Span.SpanId],
                Id = span.Span.SpanId + anchor.Form,
                Payload = Encoding.UTF8.GetBytes((kind.Line?.Invoke(span, anchor) ?? $"{span.Span.TraceId} {span.Span.SpanId} {span.Span.Name}{anchor.Form}") + "\n"),
            })];
        }

        public IReadOnlyList<OutboundItem> MapSignal(Signal signal, ReadOnlyMemory<byte> payload) =>
            [new OutboundItem { Route = signal.ToString().ToLowerInvariant(), TraceId = default, SpanIds = [], Payload = Encoding.ASCII.GetBytes(Convert.ToHexString(payload.Span) + "\n") }];

        public OutboundItem? Shrink(OutboundItem item) => item.Payload.Length <= 200 ? null : item with { Payload = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(item.Payload.Span)[..100] + " cut\n") };

        public async Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel)
        {
            try
            {
                using var content = new ByteArrayContent([.. items.SelectMany(item => item.Payload.ToArray())]);
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, items[0].Route)) { Content = content };
                using var response = await context.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
                if (!response.IsSuccessStatusCode) return await answers.UsualAsync(response, cancel);
                return Read(await response.Content.ReadAsStringAsync(cancel));
            }
            catch (Exception e) when (PlatformAnswer.IsTrouble(e, cancel))
            {
                return new Delivery.TryAgain(PlatformAnswer.Trouble(e));
            }
        }

        public Task<CheckResult> CheckAsync(CancellationToken cancel) => Task.FromResult(new CheckResult(true, "Fine."));

        public string? LinkTo(TraceId traceId, Anchor anchor) => new Uri(address, traceId.ToString()).AbsoluteUri;

        public ValueTask DisposeAsync()
        {
            kind.Disposed++;
            return ValueTask.CompletedTask;
        }

        // {"items": {"3": [429, "slow"], "5": [400, "bad"]}, "dropped": 2, "form": "v2"}; what is none throws, as a destination should not.
        private static Delivery Read(string body)
        {
            var json = JsonNode.Parse(body)!;
            var words = new PlatformWords(200, (string?)json["message"] ?? "");
            if (json["dropped"] is { } dropped) return new Delivery.Dropped(words, (int)dropped);
            if (json["form"] is { } form) return new Delivery.OtherForm((string)form!, words);
            if (json["items"] is not JsonObject items) return new Delivery.Accepted(json["warning"] is { } warning ? words with { Message = (string)warning! } : null);
            return new Delivery.Partly(items.ToDictionary(
                pair => int.Parse(pair.Key, System.Globalization.CultureInfo.InvariantCulture),
                pair => Of((int)pair.Value![0]!, new PlatformWords((int)pair.Value![0]!, (string)pair.Value![1]!))));
        }

        private static Delivery Of(int status, PlatformWords words) => status switch
        {
            409 => new Delivery.OtherForm("v2", words),
            413 => new Delivery.TooLarge(words),
            401 => new Delivery.Blocked(words),
            429 or >= 500 => new Delivery.TryAgain(words),
            _ => new Delivery.Refused(words),
        };
    }
}
