using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using BenchmarkDotNet.Attributes;
using Callwatch.Client;
using Callwatch.Client.Calls;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Trace;

namespace Callwatch.Benchmarks.Client;

/// <summary>
/// One call told by hand, against a plain activity of an application's own source with the same tags; both are batched and exported by the OpenTelemetry
/// SDK. Messages are told once as finished JSON, which nobody has at hand, and once serialised, as any application would have to.
/// </summary>
[MemoryDiagnoser]
public class CallRuns
{
    private const string Question = "Where is my parcel? I ordered it on Monday, and the page has said 'on its way' for three days now.";
    private const string Text = "It is on its way: the carrier has it since yesterday and will bring it tomorrow between nine and eleven.";
    private const string InputJson = $$"""[{"role":"user","parts":[{"type":"text","content":"{{Question}}"}]}]""";
    private const string OutputJson = $$"""[{"role":"assistant","parts":[{"type":"text","content":"{{Text}}"}],"finish_reason":"stop"}]""";

    private static readonly ActivitySource Plain = new("Bench.Plain");
    private static readonly CallMessage[] Messages = [new("user", Question)];
    private Receiver receiver = null!;
    private TracerProvider tracing = null!;

    [Params(true, false)]
    public bool EndpointAlive { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        receiver = await Receiver.StartAsync(EndpointAlive);
        tracing = Sdk.CreateTracerProviderBuilder().AddSource(Plain.Name, CallwatchSource.Name).AddOtlpExporter(otlp =>
        {
            otlp.Endpoint = new Uri(receiver.Url, "/v1/traces");
            otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
        }).Build();
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        tracing.Dispose();
        await receiver.DisposeAsync();
    }

    [Benchmark(Description = "plain activity")]
    public void PlainActivity() => Tell(messages: false);

    [Benchmark(Description = "call")]
    public void Call() => TellCall(messages: false);

    [Benchmark(Description = "plain activity, messages ready")]
    public void PlainActivityWithMessages() => Tell(messages: true);

    [Benchmark(Description = "plain activity, messages serialised")]
    public void PlainActivityThatSerialises() => Tell(messages: true, serialise: true);

    [Benchmark(Description = "call, messages")]
    public void CallWithMessages() => TellCall(messages: true);

    private static void Tell(bool messages, bool serialise = false)
    {
        using var span = Plain.StartActivity("chat gpt-4o-mini", ActivityKind.Client);
        if (span is null) return;
        span.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.provider.name", "openai").SetTag("gen_ai.request.model", "gpt-4o-mini");
        span.SetTag("gen_ai.request.temperature", 0.2);
        if (messages) span.SetTag("gen_ai.input.messages", serialise ? JsonSerializer.Serialize([new PlainMessage("user", [new PlainPart("text", Question)])], PlainJson.Default.PlainMessageArray) : InputJson);
        span.SetTag("gen_ai.response.finish_reasons", new[] { "stop" });
        if (messages) span.SetTag("gen_ai.output.messages", serialise ? JsonSerializer.Serialize([new PlainMessage("assistant", [new PlainPart("text", Text)], "stop")], PlainJson.Default.PlainMessageArray) : OutputJson);
        span.SetTag("gen_ai.usage.input_tokens", 57L).SetTag("gen_ai.usage.output_tokens", 23L);
        span.SetTag("gen_ai.response.model", "gpt-4o-mini-2024-07-18").SetTag("gen_ai.response.id", "chatcmpl-1");
    }

    private static void TellCall(bool messages)
    {
        using var call = ModelCall.Start("chat", "openai", "gpt-4o-mini", messages);
        call.Parameter("temperature", 0.2);
        if (messages) call.Input(Messages);
        call.Output(Text, "stop");
        call.Usage(new CallUsage(57, 23));
        call.Answered("gpt-4o-mini-2024-07-18", "chatcmpl-1");
    }
}

internal sealed record PlainPart(string Type, string Content);

internal sealed record PlainMessage(string Role, PlainPart[] Parts, string? FinishReason = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PlainMessage[]))]
internal sealed partial class PlainJson : JsonSerializerContext;
