namespace Callwatch.Client.Tests.Capture;

/// <summary>Answers as the providers document them, whole and in pieces.</summary>
internal static class Answers
{
    public const string ChatRequest = """
        {"model":"gpt-4o","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Where is my parcel? 包裹"}],"temperature":0.5,"max_completion_tokens":200,"tools":[{"type":"function","function":{"name":"track","parameters":{}}}]}
        """;

    public const string Chat = """
        {"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"On its way. 路上","tool_calls":[{"id":"call_1","type":"function","function":{"name":"track","arguments":"{\"id\":7}"}}]},"finish_reason":"tool_calls"}],
         "usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":400},"completion_tokens_details":{"reasoning_tokens":30}},"service_tier":"default"}
        """;

    public static readonly string ChatStream = Sse(
        """{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
        """{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"content":"On its way. "},"finish_reason":null}]}""",
        """{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"content":"路上"},"finish_reason":null}]}""",
        """{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"track","arguments":"{\"id\""}}]},"finish_reason":null}]}""",
        """{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":7}"}}]},"finish_reason":null}]}""",
        """{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
        """{"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":400},"completion_tokens_details":{"reasoning_tokens":30}}}""",
        "[DONE]");

    public const string ResponsesRequest = """{"model":"gpt-4.1","input":"Where is my parcel?","instructions":"Be brief.","max_output_tokens":50}""";

    public const string Responses = """
        {"id":"resp_1","object":"response","status":"completed","model":"gpt-4.1-2025-04-14","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"On its way."}]}],
         "usage":{"input_tokens":40,"output_tokens":9,"input_tokens_details":{"cached_tokens":8},"output_tokens_details":{"reasoning_tokens":2}}}
        """;

    public static readonly string ResponsesStream = Sse(
        """{"type":"response.created","response":{"id":"resp_1","model":"gpt-4.1-2025-04-14"}}""",
        """{"type":"response.output_text.delta","delta":"On its "}""",
        """{"type":"response.output_text.delta","delta":"way."}""",
        """{"type":"response.completed","response":{"id":"resp_1","status":"completed","model":"gpt-4.1-2025-04-14","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"On its way."}]}],"usage":{"input_tokens":40,"output_tokens":9,"input_tokens_details":{"cached_tokens":8},"output_tokens_details":{"reasoning_tokens":2}}}}""");

    public const string AnthropicRequest = """{"model":"claude-sonnet-4-5","max_tokens":300,"system":"Be brief.","messages":[{"role":"user","content":[{"type":"text","text":"Where is my parcel?"}]}]}""";

    public const string Anthropic = """
        {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"On its way."},{"type":"tool_use","id":"toolu_1","name":"track","input":{"id":7}}],
         "stop_reason":"tool_use","usage":{"input_tokens":40,"cache_creation_input_tokens":100,"cache_read_input_tokens":2000,"output_tokens":23}}
        """;

    public const string AnthropicStream = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","usage":{"input_tokens":40,"cache_creation_input_tokens":100,"cache_read_input_tokens":2000,"output_tokens":1}}}

        event: ping
        data: {"type":"ping"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"On its "}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"way."}}

        event: content_block_start
        data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"track","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"id\":7}"}}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":23}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    public const string GeminiRequest = """{"contents":[{"role":"user","parts":[{"text":"Where is my parcel?"}]}],"systemInstruction":{"parts":[{"text":"Be brief."}]},"generationConfig":{"temperature":0.2,"maxOutputTokens":64}}""";

    public const string Gemini = """
        {"candidates":[{"content":{"role":"model","parts":[{"text":"On its way."}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":5,"thoughtsTokenCount":7,"cachedContentTokenCount":4,"totalTokenCount":24},"modelVersion":"gemini-2.5-flash","responseId":"g-1"}
        """;

    public static readonly string GeminiStream = Sse(
        """{"candidates":[{"content":{"role":"model","parts":[{"text":"On its "}]}}],"modelVersion":"gemini-2.5-flash","responseId":"g-1"}""",
        """{"candidates":[{"content":{"role":"model","parts":[{"text":"way."}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":5,"thoughtsTokenCount":7,"cachedContentTokenCount":4,"totalTokenCount":24},"modelVersion":"gemini-2.5-flash","responseId":"g-1"}""");

    public const string EmbeddingRequest = """{"model":"text-embedding-3-small","input":"parcel"}""";

    public const string Embedding = """{"object":"list","model":"text-embedding-3-small","data":[{"object":"embedding","index":0,"embedding":[0.25,-0.5,0.75]}],"usage":{"prompt_tokens":9,"total_tokens":9}}""";

    private static string Sse(params string[] events) => string.Concat(events.Select(data => "data: " + data + "\n\n"));
}
