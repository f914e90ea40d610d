using System.Text.Json.Nodes;
using Samples.Model;

// A stand-in for a model: speaks enough of OpenAI's Chat Completions for clients not to notice, needs no key, and answers the same to the same.
var builder = WebApplication.CreateSlimBuilder(args);
var app = builder.Build();

app.MapPost("/v1/chat/completions", async (HttpContext http) =>
{
    var request = await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted);
    var (model, question) = ((string?)request?["model"] ?? "pretend-1", (string?)request?["messages"]?.AsArray().LastOrDefault()?["content"]?.ToString() ?? "");

    // So that failures can be tried, too.
    if (question.Contains("please fail", StringComparison.OrdinalIgnoreCase))
    {
        http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        await http.Response.WriteAsync("""{"error":{"message":"The model has lost its thread.","type":"server_error","code":"lost_thread"}}""", http.RequestAborted);
        return;
    }

    var answer = new Answer(model, question);
    if ((bool?)request?["stream"] != true)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(answer.Whole().ToJsonString(), http.RequestAborted);
        return;
    }

    http.Response.ContentType = "text/event-stream";
    foreach (var chunk in answer.Chunks())
    {
        await http.Response.WriteAsync($"data: {chunk.ToJsonString()}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    await http.Response.WriteAsync("data: [DONE]\n\n", http.RequestAborted);
});

await app.RunAsync();
