using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Rows;

/// <summary>Writes rows of <c>calls</c>.</summary>
internal sealed class CallRowWriter(SqliteConnection connection, PartitionWords words) : IDisposable
{
    private readonly Statement put = new(connection, """
        INSERT OR REPLACE INTO calls (id, tenant, app, "end", number, duration, ttft, kind, outcome, source, streaming, environment, operation, provider,
          model, request_model, user, session, release, prompt, prompt_version, error_type, error_group, fingerprint, http_status, finish, response_id,
          input_tokens, output_tokens, total_tokens, cache_read, cache_write, reasoning, audio_input, audio_output, generation,
          cost, cost_input, cost_cache_read, cost_cache_write, cost_output, cost_reasoning, cost_other, cost_source, unpriced, overflow, feedback)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30,
          ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45, ?46, ?47)
        """);
    private readonly Statement delete = new(connection, "DELETE FROM calls WHERE id = ?1");

    public void Put(SpanRow row, long? fingerprint, long overflow)
    {
        var (span, call) = (row.Span, row.Span.Call!);
        put.Bind(1, row.Id).Bind(2, span.TenantId).Bind(3, span.AppId).Bind(4, span.End.UnixNanoseconds).Bind(5, row.Version.Number)
            .Bind(6, span.DurationNanoseconds).Bind(7, call.TtftNanoseconds).Bind(8, (long)span.Kind).Bind(9, (long)span.Outcome)
            .Bind(10, (long)call.Source).Bind(11, call.Streaming is { } streaming ? streaming ? 1 : 0 : (long?)null)
            .Bind(12, words.IdOrNull(span.Environment)).Bind(13, words.IdOrNull(call.Operation)).Bind(14, words.IdOrNull(call.Provider))
            .Bind(15, words.IdOrNull(call.Model)).Bind(16, words.IdOrNull(call.RequestModel))
            .Bind(17, words.IdOrNull(span.UserId)).Bind(18, words.IdOrNull(span.SessionId)).Bind(19, words.IdOrNull(span.Release))
            .Bind(20, words.IdOrNull(call.PromptName)).Bind(21, words.IdOrNull(call.PromptVersion))
            .Bind(22, words.IdOrNull(span.Error?.Type)).Bind(23, words.IdOrNull(span.Error?.Group)).Bind(24, fingerprint)
            .Bind(25, span.HttpStatus).Bind(26, words.IdOrNull(call.FinishReasons is [var finish, ..] ? finish : null));
        // Written apart from the dictionary: nearly every one is seen once.
        put.BindText(27, call.ResponseId is { } id ? PartitionWords.Cut(id) : null);
        BindFigures(span, call);
        put.Bind(46, overflow).Bind(47, call.Feedback == Liking.None ? null : (long)call.Feedback).Run();
    }

    public void Delete(long id) => delete.Bind(1, id).Run();

    public void Dispose()
    {
        put.Dispose();
        delete.Dispose();
    }

    private void BindFigures(Span span, LlmCall call)
    {
        var (usage, cost) = (call.Usage, call.Cost);
        put.Bind(28, usage.Input).Bind(29, usage.Output).Bind(30, usage.Total).Bind(31, usage.CacheRead).Bind(32, usage.CacheWrite)
            .Bind(33, usage.Reasoning).Bind(34, usage.AudioInput).Bind(35, usage.AudioOutput).Bind(36, CallFigures.Generation(span))
            .Bind(37, Money.ToPico(cost.TotalUsd)).Bind(38, Money.ToPico(cost.InputUsd)).Bind(39, Money.ToPico(cost.CacheReadUsd))
            .Bind(40, Money.ToPico(cost.CacheWriteUsd)).Bind(41, Money.ToPico(cost.OutputUsd)).Bind(42, Money.ToPico(cost.ReasoningUsd))
            .Bind(43, Money.ToPico(cost.OtherUsd)).Bind(44, cost.Source switch { "given" => 1, "computed" => 2, _ => (long?)null })
            .Bind(45, CallFigures.IsUnpriced(span) ? 1 : 0);
    }
}
