namespace Callwatch.Dashboard.FirstCall;

/// <summary>A way to send the first call: the commands and lines to copy.</summary>
public sealed record Snippet(string Id, string Name, string Text);

/// <summary>First calls in several languages, with the endpoint filled in. The README has the same ways as whole programs, which tests run.</summary>
public static class Snippets
{
    /// <param name="endpoint">Where OTLP/HTTP is received, without a slash at the end.</param>
    /// <param name="key">The key, or what stands in for it; null where none is needed.</param>
    /// <param name="nowNanoseconds">Of the example that is sent by hand: a span must have ended to be shown as new.</param>
    public static IReadOnlyList<Snippet> For(string endpoint, string? key, long nowNanoseconds) =>
    [
        new("dotnet", ".NET", DotNet(endpoint, key)),
        new("python", "Python", Python(endpoint, key)),
        new("javascript", "JavaScript", JavaScript(endpoint, key)),
        new("curl", "curl", Curl(endpoint, key, nowNanoseconds)),
        new("dify", "Dify", Dify(endpoint, key)),
    ];

    private static string Exports(string endpoint, string? key) =>
        $"export OTEL_EXPORTER_OTLP_ENDPOINT={endpoint}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n"
        + (key is null ? "" : $"export OTEL_EXPORTER_OTLP_HEADERS=\"authorization=Bearer {key}\"\n")
        + "export OTEL_SERVICE_NAME=my-app\n";

    private static string DotNet(string endpoint, string? key) => $$"""
        dotnet add package OpenAI
        dotnet add package OpenTelemetry.Exporter.OpenTelemetryProtocol

        {{Exports(endpoint, key)}}
        // Program.cs
        using OpenAI.Chat;
        using OpenTelemetry;
        using OpenTelemetry.Trace;

        AppContext.SetSwitch("OpenAI.Experimental.EnableOpenTelemetry", true);
        using var tracing = Sdk.CreateTracerProviderBuilder()
            .AddSource("OpenAI.*")
            .AddOtlpExporter()
            .Build();

        var chat = new ChatClient("gpt-4o-mini", Environment.GetEnvironmentVariable("OPENAI_API_KEY"));
        ChatCompletion answer = await chat.CompleteChatAsync("Say hello.");
        Console.WriteLine(answer.Content[0].Text);

        // with an IChatClient instead: .UseOpenTelemetry(configure: o => o.EnableSensitiveData = true)
        // and .AddSource("Experimental.Microsoft.Extensions.AI")
        """;

    // Its own settings, of the container of the API and of the worker; by default it keeps one trace in ten.
    private static string Dify(string endpoint, string? key) => $$"""
        # docker/.env of Dify, then: docker compose up -d api worker
        ENABLE_OTEL=true
        OTEL_EXPORTER_TYPE=otlp
        OTEL_EXPORTER_OTLP_PROTOCOL=http
        OTLP_BASE_ENDPOINT={{endpoint}}
        OTLP_API_KEY={{key}}
        OTEL_SAMPLING_RATE=1.0

        # from inside a container 127.0.0.1 is the container itself:
        # let callwatch listen on every address (--urls), and name this machine's above
        """;

    private static string Python(string endpoint, string? key) => $$"""
        pip install openai opentelemetry-distro opentelemetry-exporter-otlp opentelemetry-instrumentation-openai-v2

        {{Exports(endpoint, key)}}export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true   # with prompts and answers

        opentelemetry-instrument python app.py
        """;

    private static string JavaScript(string endpoint, string? key) => $$"""
        npm install openai @opentelemetry/sdk-node @opentelemetry/instrumentation-openai @opentelemetry/exporter-trace-otlp-proto

        {{Exports(endpoint, key)}}
        # telemetry.cjs; the application loads openai with require, as the instrumentation does not see imports
        const { NodeSDK } = require("@opentelemetry/sdk-node");
        const { OpenAIInstrumentation } = require("@opentelemetry/instrumentation-openai");

        const sdk = new NodeSDK({ instrumentations: [new OpenAIInstrumentation({ captureMessageContent: true })] });
        sdk.start();
        process.on("beforeExit", () => sdk.shutdown());

        node --require ./telemetry.cjs app.cjs
        """;

    private static string Curl(string endpoint, string? key, long nowNanoseconds) => $$$"""
        curl {{{endpoint}}}/v1/traces \
          -H "Content-Type: application/json" \{{{(key is null ? "" : $"\n  -H \"Authorization: Bearer {key}\" \\")}}}
          -d '{"resourceSpans": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "my-app"}}]},
            "scopeSpans": [{"spans": [{
              "traceId": "'$(openssl rand -hex 16)'", "spanId": "'$(openssl rand -hex 8)'",
              "name": "chat gpt-4o-mini", "kind": 3,
              "startTimeUnixNano": "{{{nowNanoseconds - 1_400_000_000}}}", "endTimeUnixNano": "{{{nowNanoseconds}}}",
              "attributes": [
                {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                {"key": "gen_ai.provider.name", "value": {"stringValue": "openai"}},
                {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o-mini"}},
                {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "57"}},
                {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "23"}}
              ]}]}]}]}'
        """;
}
