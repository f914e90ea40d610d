using System.Globalization;
using Callwatch.Spans;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rows;

/// <summary>Which copy of a span: the greater one replaces the lesser.</summary>
public readonly record struct SpanVersion(long Number, int Offset) : IComparable<SpanVersion>
{
    public int CompareTo(SpanVersion other) => Number == other.Number ? Offset.CompareTo(other.Offset) : Number.CompareTo(other.Number);
}

/// <summary>A span as stored and judged, and where its bodies lie in the journal.</summary>
/// <param name="Id">Of the row in its partition; also that of its row in <c>calls</c>, if <paramref name="IsCall"/>.</param>
/// <param name="Length">Of the Span message in the payload, in bytes.</param>
public sealed record SpanRow(long Id, Span Span, SpanVersion Version, int Length, Timestamp ReceivedAt, bool IsCall)
{
    internal string? Own { get; init; }

    internal byte[]? OwnUtf8 { get; init; }

    /// <summary>The span as it came, before its trace was judged.</summary>
    internal Span Raw => OwnFacts.Restore(Span, Own);
}

/// <summary>Reads rows of <c>spans</c> with their <c>calls</c>.</summary>
public static class SpanRows
{
    /// <summary>To be selected from <see cref="FromSpans"/> or <see cref="FromCalls"/>, for <see cref="Read"/>; further columns may follow.</summary>
    public const string Columns = """
        s.id, s.tenant, s.app, s.trace, s.span, s.parent, s.kind, s.outcome, s.name, s.display, s.start, s."end", s.duration,
        s.environment, s.release, s.user, s.session, s.http_status, s.error_type, s.error_group, s.merged_into, s.content,
        s.received, s.number, s."offset", s.length, s.thin, s.own,
        c.id, c.ttft, c.source, c.streaming, c.operation, c.provider, c.model, c.request_model, c.prompt, c.prompt_version, c.response_id,
        c.input_tokens, c.output_tokens, c.total_tokens, c.cache_read, c.cache_write, c.reasoning, c.audio_input, c.audio_output,
        c.cost, c.cost_input, c.cost_cache_read, c.cost_cache_write, c.cost_output, c.cost_reasoning, c.cost_other, c.cost_source
        """;

    /// <summary>Every span.</summary>
    public const string FromSpans = "FROM spans s LEFT JOIN calls c ON c.id = s.id";

    /// <summary>Only the calls.</summary>
    public const string FromCalls = "FROM calls c JOIN spans s ON s.id = c.id";

    /// <summary>How many columns <see cref="Columns"/> has: the ordinal of the first further one.</summary>
    public const int ColumnCount = 55;

    public static SpanRow Read(SqliteDataReader row, IWords words)
    {
        var thin = row.IsDBNull(26) ? new ThinFacts() : ThinFacts.Parse(row.GetString(26));
        var isCall = !row.IsDBNull(28);
        var name = words.Word(row.GetInt64(8));
        var span = new Span
        {
            TenantId = row.GetInt32(1),
            AppId = row.GetInt32(2),
            TraceId = Trace(row, 3),
            SpanId = new SpanId(unchecked((ulong)row.GetInt64(4))),
            ParentSpanId = new SpanId(unchecked((ulong)row.GetInt64(5))),
            Kind = (SpanKind)row.GetByte(6),
            Outcome = (Outcome)row.GetByte(7),
            Name = name,
            DisplayName = row.GetInt64(8) == row.GetInt64(9) ? name : words.Word(row.GetInt64(9)),
            Start = new Timestamp(row.GetInt64(10)),
            End = new Timestamp(row.GetInt64(11)),
            DurationNanoseconds = Number(row, 12),
            Environment = Word(row, 13, words),
            Release = Word(row, 14, words),
            UserId = Word(row, 15, words),
            SessionId = Word(row, 16, words),
            HttpStatus = (int?)Number(row, 17),
            Error = Word(row, 18, words) is { } type
                ? new SpanError { Type = type, Group = Word(row, 19, words) ?? "other", Message = thin.ErrorMessage } : null,
            MergedInto = Number(row, 20) is { } merged ? new SpanId(unchecked((ulong)merged)) : null,
            Content = (ContentState)row.GetByte(21),
            Tags = thin.Tags ?? [],
            Metadata = thin.Metadata ?? Span.EmptyMetadata,
            Scores = thin.Scores is null ? [] : [.. thin.Scores.Select(score => score.ToScore())],
            InputPreview = thin.Input,
            OutputPreview = thin.Output,
            Notes = thin.Notes ?? [],
            ModelRequest = thin.Request,
            IsWithoutCall = thin.WithoutCall == true,
            Call = isCall ? Call(row, thin.Call ?? new ThinCall(), words) : thin.Call?.ToCall(),
        };
        return new SpanRow(
            row.GetInt64(0), span, new SpanVersion(row.GetInt64(23), row.GetInt32(24)), row.GetInt32(25), new Timestamp(row.GetInt64(22)), isCall)
        {
            Own = row.IsDBNull(27) ? null : row.GetString(27),
        };
    }

    private static LlmCall Call(SqliteDataReader row, ThinCall thin, IWords words)
    {
        var model = Word(row, 34, words);
        var provider = Word(row, 33, words);
        var rest = thin.ToCall();
        return rest with
        {
            Source = (CallSource)row.GetByte(30),
            TtftNanoseconds = Number(row, 29),
            Streaming = Number(row, 31) is { } streaming ? streaming != 0 : null,
            Operation = Word(row, 32, words),
            Provider = provider,
            ProviderRaw = rest.ProviderRaw ?? provider,
            RequestModel = Word(row, 35, words),
            ResponseModel = thin.NoResponseModel == true ? null : model,
            PromptName = Word(row, 36, words),
            PromptVersion = Word(row, 37, words),
            ResponseId = row.IsDBNull(38) ? null : row.GetString(38),
            Usage = rest.Usage with
            {
                Input = Number(row, 39),
                Output = Number(row, 40),
                Total = Number(row, 41),
                CacheRead = Number(row, 42),
                CacheWrite = Number(row, 43),
                Reasoning = Number(row, 44),
                AudioInput = Number(row, 45),
                AudioOutput = Number(row, 46),
            },
            Cost = rest.Cost with
            {
                TotalUsd = Money.ToUsd(Number(row, 47)),
                InputUsd = Money.ToUsd(Number(row, 48)),
                CacheReadUsd = Money.ToUsd(Number(row, 49)),
                CacheWriteUsd = Money.ToUsd(Number(row, 50)),
                OutputUsd = Money.ToUsd(Number(row, 51)),
                ReasoningUsd = Money.ToUsd(Number(row, 52)),
                OtherUsd = Money.ToUsd(Number(row, 53)),
                Source = Number(row, 54) switch { 1 => "given", 2 => "computed", _ => null },
            },
        };
    }

    internal static TraceId Trace(SqliteDataReader row, int ordinal) =>
        TraceId.TryRead(row.GetFieldValue<byte[]>(ordinal), out var id)
            ? id : throw new InvalidDataException("A trace id in a partition is not 16 bytes long: row " + row.GetInt64(0).ToString(CultureInfo.InvariantCulture));

    private static long? Number(SqliteDataReader row, int ordinal) => row.IsDBNull(ordinal) ? null : row.GetInt64(ordinal);

    private static string? Word(SqliteDataReader row, int ordinal, IWords words) => row.IsDBNull(ordinal) ? null : words.Word(row.GetInt64(ordinal));
}
