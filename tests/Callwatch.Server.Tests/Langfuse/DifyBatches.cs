namespace Callwatch.Server.Tests.Langfuse;

/// <summary>Batches as Dify's Langfuse adapter makes them (Dify 1.6 to 1.9 over Langfuse's Python client 2.51): the same events, names, units and habits.</summary>
internal static class DifyBatches
{
    public const string Message = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
    public const string MessageTrace = "6f9619ff8b864d01b42d00cf4fc964ff";
    public const string Run = "0b7f3c52-2f1a-4a0e-9f57-5f2c3a1d9e10";
    public const string RunTrace = "0b7f3c522f1a4a0e9f575f2c3a1d9e10";

    /// <summary>A chat message, with what belongs to it: moderation, retrieval, a failed tool and suggested questions, which it counts in characters.</summary>
    public static string OfMessage { get; } = """
        {"batch":[
          {"id":"1","type":"trace-create","timestamp":"2026-09-17T12:00:09.000000+00:00","body":{"id":"MESSAGE","timestamp":"2026-09-17T12:00:09.000000+00:00","name":"message","userId":"anna","sessionId":"conv-7",
            "input":{"message":[{"role":"user","content":"Where is my parcel?"}],"files":[],"message_tokens":1000,"answer_tokens":100,"total_tokens":1100,"error":"","provider_response_latency":1.5,"created_at":"2026-09-17T12:00:00"},
            "output":[{"role":"assistant","content":"On its way."}],"tags":["message","chat"],
            "metadata":{"conversation_id":"conv-7","ls_provider":"langgenius/openai/openai","ls_model_name":"gpt-4o","status":"normal","from_end_user_id":"u-1","agent_based":false,"message_id":"MESSAGE"}}},
          {"id":"2","type":"generation-create","timestamp":"2026-09-17T12:00:09.000000+00:00","body":{"id":"b0b6c4de-0000-4000-8000-000000000002","traceId":"MESSAGE","name":"llm",
            "startTime":"2026-09-17T12:00:00+00:00","endTime":"2026-09-17T12:00:01.500000+00:00","model":"gpt-4o","input":[{"role":"user","content":"Where is my parcel?"}],"output":[{"role":"assistant","content":"On its way."}],
            "metadata":{"conversation_id":"conv-7","ls_provider":"langgenius/openai/openai","ls_model_name":"gpt-4o","status":"normal"},"level":"DEFAULT","statusMessage":"",
            "usage":{"input":1000,"output":100,"total":1100,"unit":"TOKENS","totalCost":0.0035}}},
          {"id":"3","type":"span-create","timestamp":"2026-09-17T12:00:09+00:00","body":{"id":"b0b6c4de-0000-4000-8000-000000000003","traceId":"MESSAGE","name":"moderation","startTime":"2026-09-17T12:00:00+00:00","endTime":"2026-09-17T12:00:00.100000+00:00",
            "input":{"query":"Where is my parcel?"},"output":{"action":"direct_output","flagged":false,"preset_response":"","inputs":{}},"metadata":{"message_id":"MESSAGE"}}},
          {"id":"4","type":"span-create","timestamp":"2026-09-17T12:00:09+00:00","body":{"id":"b0b6c4de-0000-4000-8000-000000000004","traceId":"MESSAGE","name":"dataset_retrieval","startTime":"2026-09-17T12:00:00.100000+00:00","endTime":"2026-09-17T12:00:00.300000+00:00",
            "input":[{"role":"user","content":"Where is my parcel?"}],"output":{"documents":[{"page_content":"Two days.","metadata":{"score":0.8}}]},"metadata":{"message_id":"MESSAGE"}}},
          {"id":"5","type":"span-create","timestamp":"2026-09-17T12:00:09+00:00","body":{"id":"b0b6c4de-0000-4000-8000-000000000005","traceId":"MESSAGE","name":"track","startTime":"2026-09-17T12:00:00.300000+00:00","endTime":"2026-09-17T12:00:00.900000+00:00",
            "input":{"id":7},"output":[{"role":"assistant","content":""}],"metadata":{"message_id":"MESSAGE","tool_name":"track","error":"no such parcel"},"level":"ERROR","statusMessage":"no such parcel"}},
          {"id":"6","type":"generation-create","timestamp":"2026-09-17T12:00:09+00:00","body":{"id":"b0b6c4de-0000-4000-8000-000000000006","traceId":"MESSAGE","name":"suggested_question","startTime":"2026-09-17T12:00:02+00:00","endTime":"2026-09-17T12:00:03+00:00",
            "input":[{"role":"user","content":"Where is my parcel?"}],"output":[{"role":"assistant","content":"['When?']"}],"level":"DEFAULT","statusMessage":"","usage":{"input":19,"output":1,"total":9,"unit":"CHARACTERS"}}}
        ],"metadata":{"batch_size":6,"sdk_integration":"default","sdk_name":"python","sdk_version":"2.51.5","public_key":"pk-callwatch"}}
        """.Replace("MESSAGE", Message, StringComparison.Ordinal);

    /// <summary>A workflow on its own, with an answering node, a tool and one that failed; its own error is null, which Dify calls a failure.</summary>
    public static string OfWorkflow { get; } = """
        {"batch":[
          {"id":"11","type":"trace-create","timestamp":"2026-09-17T12:00:09+00:00","body":{"id":"RUN","timestamp":"2026-09-17T12:00:09+00:00","name":"workflow","userId":"bert","input":{"topic":"weather"},"output":{"text":"Sunny."},"tags":["workflow"],"version":"2026-09-01",
            "metadata":{"workflow_run_id":"RUN","workflow_id":"w-1","app_id":"a-1","status":"partial-succeeded","total_tokens":50}}},
          {"id":"12","type":"generation-create","timestamp":"2026-09-17T12:00:09+00:00","body":{"id":"c0b6c4de-0000-4000-8000-000000000001","traceId":"RUN","name":"Draft answer","startTime":"2026-09-17T12:00:00+00:00","endTime":"2026-09-17T12:00:02+00:00","model":"gpt-4o-mini",
            "input":[{"role":"user","text":"weather","files":[]}],"output":{"text":"Sunny.","usage":{"prompt_tokens":20,"completion_tokens":30}},"usage":{"input":20,"output":30,"total":50,"unit":"TOKENS"},"level":"DEFAULT","statusMessage":"",
            "metadata":{"node_type":"llm","node_name":"Draft answer","status":"succeeded","model_provider":"openai","model_name":"gpt-4o-mini"}}},
          {"id":"13","type":"span-create","timestamp":"2026-09-17T12:00:09+00:00","body":{"id":"c0b6c4de-0000-4000-8000-000000000002","traceId":"RUN","name":"Get weather","startTime":"2026-09-17T12:00:02+00:00","endTime":"2026-09-17T12:00:03+00:00","input":{"city":"Paris"},"output":{"temp":18},
            "metadata":{"node_type":"tool","node_name":"Get weather","status":"succeeded"},"level":"DEFAULT","statusMessage":""}},
          {"id":"14","type":"span-create","timestamp":"2026-09-17T12:00:09+00:00","body":{"id":"c0b6c4de-0000-4000-8000-000000000003","traceId":"RUN","name":"Send mail","startTime":"2026-09-17T12:00:03+00:00","endTime":"2026-09-17T12:00:04+00:00","input":{"to":"a@example.com"},
            "metadata":{"node_type":"http-request","node_name":"Send mail","status":"failed"},"level":"ERROR","statusMessage":"SMTP 550"}}
        ],"metadata":{"batch_size":4}}
        """.Replace("RUN", Run, StringComparison.Ordinal);
}
