using Callwatch.Testing.StandIns;

namespace Callwatch.Tests.Forward.Destinations.Otlp;

/// <summary>Requests that break OTLP's own rules, by what is wrong with them.</summary>
internal static class WrongRequests
{
    public static IReadOnlyDictionary<string, Action<WireDraft>> All { get; } = new Dictionary<string, Action<WireDraft>>(StringComparer.Ordinal)
    {
        ["no trace id"] = draft => draft.TraceId = null,
        ["a trace id of 8 bytes"] = draft => draft.TraceId = new byte[8],
        ["a trace id of zeros"] = draft => draft.TraceId = new byte[16],
        ["no span id"] = draft => draft.SpanId = null,
        ["a span id of 16 bytes"] = draft => draft.SpanId = draft.TraceId,
        ["a span id of zeros"] = draft => draft.SpanId = new byte[8],
        ["a parent id of 4 bytes"] = draft => draft.ParentSpanId = [1, 2, 3, 4],
        ["itself as parent"] = draft => draft.ParentSpanId = draft.SpanId,
        ["no name"] = draft => draft.Name = null,
        ["no kind"] = draft => draft.Kind = null,
        ["an unknown kind"] = draft => draft.Kind = 9,
        ["no start"] = draft => draft.Start = null,
        ["no end"] = draft => draft.End = null,
        ["an end before the start"] = draft => (draft.Start, draft.End) = (draft.End, draft.Start),
        ["an unknown status"] = draft => draft.StatusCode = 7,
        ["a message on a good status"] = draft => draft.StatusMessage = "all well",
        ["a key twice"] = draft => draft.Attributes.AddRange([("twice", 1L), ("twice", 2L)]),
        ["an empty key"] = draft => draft.Attributes.Add(("", "nothing")),
        ["an empty value"] = draft => draft.Attributes.Add(("empty", null)),
        ["not a number"] = draft => draft.Attributes.Add(("nan", double.NaN)),
        ["an event without a name"] = draft => draft.Events.Add((null, draft.End, [])),
        ["an event without a time"] = draft => draft.Events.Add(("exception", null, [])),
        ["a field the protocol does not have"] = draft => draft.Strange = (40, "new"),
        ["no scope name"] = draft => draft.ScopeName = null,
        ["no service name"] = draft => draft.Resource.Clear(),
    };
}
