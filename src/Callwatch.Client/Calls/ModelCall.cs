using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Callwatch.Client.Calls;

/// <summary>
/// A model call that the application tells of itself, for providers no handler can look at. A span by the OpenTelemetry GenAI conventions; ends when it is
/// disposed of, as a success unless something else was said. Nothing here throws, and where nobody listens it costs next to nothing.
/// <code>
/// using var call = ModelCall.Start("chat", "acme", "acme-7b");
/// call.Input([new("user", question)]);
/// var answer = await model.AskAsync(question);
/// call.Output(answer.Text, "stop");
/// call.Usage(new(answer.TokensIn, answer.TokensOut));
/// </code>
/// </summary>
public sealed class ModelCall : IDisposable
{
    private const string FirstChunk = "gen_ai.response.time_to_first_chunk";

    private readonly Activity? span;
    private readonly long began = Stopwatch.GetTimestamp();
    private readonly bool messages;
    private bool hasFirst;

    private ModelCall(Activity? span, bool messages) => (this.span, this.messages) = (span, messages);

    /// <summary>The span; null where nobody listens.</summary>
    public Activity? Activity => span;

    /// <summary>Whether it is worth telling what was asked and answered: somebody listens, and messages are recorded.</summary>
    public bool WantsMessages => messages;

    /// <summary>Begins a call, in the current activity if there is one.</summary>
    /// <param name="operation"><c>chat</c>, <c>text_completion</c>, <c>embeddings</c>, <c>generate_content</c>, ...</param>
    /// <param name="provider"><c>openai</c>, <c>anthropic</c>, <c>aws.bedrock</c>, ...</param>
    /// <param name="model">The model that is asked.</param>
    /// <param name="messages">Whether questions and answers are recorded. Default: as of <see cref="Capture.CaptureOptions.Messages"/>.</param>
    public static ModelCall Start(string operation, string provider, string model, bool? messages = null)
    {
        var span = CallwatchSource.Activities.StartActivity(operation + " " + model, ActivityKind.Client);
        span?.SetTag("gen_ai.operation.name", operation).SetTag("gen_ai.provider.name", provider).SetTag("gen_ai.request.model", model);
        return new ModelCall(span, span is not null && (messages ?? Capture.CaptureOptions.MessagesByDefault));
    }

    /// <summary>What is asked.</summary>
    public void Input(IEnumerable<CallMessage> asked)
    {
        if (messages && asked is not null) Set("gen_ai.input.messages", CallMessageJson.Of(asked));
    }

    /// <summary>A setting of the request by its name in the conventions: <c>temperature</c>, <c>max_tokens</c>, <c>top_p</c>, <c>stream</c>, ...</summary>
    public void Parameter(string name, object? value) => Set(
        name switch
        {
            // The usual ones without a new string each time.
            "temperature" => "gen_ai.request.temperature",
            "max_tokens" => "gen_ai.request.max_tokens",
            "top_p" => "gen_ai.request.top_p",
            "stream" => "gen_ai.request.stream",
            _ => "gen_ai.request." + name,
        },
        value);

    /// <summary>The first piece of the answer has come; later ones change nothing.</summary>
    public void FirstToken()
    {
        if (span is null || hasFirst) return;
        hasFirst = true;
        Set(FirstChunk, Stopwatch.GetElapsedTime(began).TotalSeconds);
        Set("gen_ai.request.stream", true);
    }

    /// <summary>What was answered, and how it ended (<c>stop</c>, <c>length</c>, <c>tool_calls</c>, <c>content_filter</c>, ...).</summary>
    public void Output(string? text, string? finishReason = null)
    {
        if (finishReason is not null) Set("gen_ai.response.finish_reasons", new[] { finishReason });
        if (messages && text is not null) Set("gen_ai.output.messages", CallMessageJson.Of(text, finishReason));
    }

    /// <summary>What was answered, where it is more than a text: with tool calls, for instance.</summary>
    public void Output(CallMessage answer, string? finishReason = null)
    {
        if (finishReason is not null) Set("gen_ai.response.finish_reasons", new[] { finishReason });
        if (messages && answer is not null) Set("gen_ai.output.messages", CallMessageJson.Of([answer], finishReason));
    }

    /// <summary>Tokens by class.</summary>
    public void Usage(CallUsage usage)
    {
        if (usage is null) return;
        Set("gen_ai.usage.input_tokens", usage.InputTokens);
        Set("gen_ai.usage.output_tokens", usage.OutputTokens);
        Set("gen_ai.usage.cache_read.input_tokens", usage.CacheReadTokens);
        Set("gen_ai.usage.cache_creation.input_tokens", usage.CacheWriteTokens);
        Set("gen_ai.usage.reasoning.output_tokens", usage.ReasoningTokens);
    }

    /// <summary>What it cost in US dollars, where that is known better than by the price list.</summary>
    public void Cost(decimal usd) => Set("gen_ai.usage.cost", usd.ToString(CultureInfo.InvariantCulture));

    /// <summary>Who answered.</summary>
    public void Answered(string? model = null, string? responseId = null)
    {
        Set("gen_ai.response.model", model);
        Set("gen_ai.response.id", responseId);
    }

    /// <summary>It failed. A cancellation counts as cancelled, not as failed.</summary>
    public void Failed(Exception error)
    {
        if (error is not null) Failed(error.GetType().FullName!, error.Message);
    }

    /// <summary>It failed.</summary>
    /// <param name="type">Name of an exception, or a status.</param>
    /// <param name="message">In words.</param>
    public void Failed(string type, string? message = null)
    {
        Set("error.type", type);
        span?.SetStatus(ActivityStatusCode.Error, message);
    }

    /// <summary>Passes a stream on and notes its first piece, its end and its failure; the call ends with it.</summary>
    /// <param name="pieces">What comes from the model.</param>
    /// <param name="look">Is shown each piece, to tell the call of its text and usage.</param>
    /// <param name="cancel">Ends it.</param>
    public async IAsyncEnumerable<T> Watch<T>(IAsyncEnumerable<T> pieces, Action<ModelCall, T>? look = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using var call = this;
        var ended = false;
        var source = pieces.GetAsyncEnumerator(cancel);
        try
        {
            while (await NextAsync(source).ConfigureAwait(false))
            {
                FirstToken();
                Show(look, source.Current);
                yield return source.Current;
            }

            ended = true;
        }
        finally
        {
            if (!ended && span?.Status != ActivityStatusCode.Error) Failed("ClientDisconnect", "The caller left before the answer had ended.");
            await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Ends the call; again changes nothing.</summary>
    public void Dispose()
    {
        if (span is null || span.IsStopped) return;
        // Stopping makes the span's parent current, which code that reads a stream elsewhere does not expect.
        var current = System.Diagnostics.Activity.Current;
        span.Stop();
        System.Diagnostics.Activity.Current = ReferenceEquals(current, span) ? span.Parent : current;
    }

    private async ValueTask<bool> NextAsync<T>(IAsyncEnumerator<T> source)
    {
        try
        {
            return await source.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Failed(e);
            throw;
        }
    }

    private void Show<T>(Action<ModelCall, T>? look, T piece)
    {
        try
        {
            look?.Invoke(this, piece);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // What is told of a call must not break it.
        }
    }

    private void Set(string name, object? value)
    {
        if (value is not null) span?.SetTag(name, value);
    }
}
