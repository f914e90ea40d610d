using Callwatch.Client;
using Callwatch.Client.Capture;
using Callwatch.Client.Records;
using Samples.Chat;
using Samples.Shared;

var builder = WebApplication.CreateBuilder(args);

// Requests, database calls, outgoing HTTP, logged exceptions, model calls and business traces: all of it goes to Callwatch from here on.
builder.AddCallwatch();

builder.Services.AddHttpClient(Model.Http).AddCallwatchCapture();
builder.Services.AddSingleton(Model.Client);
builder.Services.AddSingleton<Database>();
builder.Services.AddSingleton<Conversations>();
builder.Services.AddSingleton<JobQueue>();
builder.Services.AddScoped<ChatTurn>();

var app = builder.Build();
await app.Services.GetRequiredService<Database>().PrepareAsync();

app.MapPost("/conversations/{id}/messages", (string id, Question question, ChatTurn turn, HttpContext http) =>
    turn.AnswerAsync(id, question, http.Response, http.RequestAborted));

app.MapGet("/conversations/{id}/name", async (string id, Conversations conversations, CancellationToken cancel) =>
    await conversations.NameAsync(id, cancel) is { } name ? Results.Text(name) : Results.NotFound());

app.MapPost("/messages/{id}/feedback", (string id, Judgement judgement, ICallwatchRecorder recorder) =>
    recorder.Feedback(new FeedbackRecord { MessageId = id, Value = judgement.Value, Comment = judgement.Comment }) ? Results.Accepted() : Results.StatusCode(503));

await app.RunAsync();

namespace Samples.Chat
{
    /// <summary>What somebody thinks of an answer: 1 for good, -1 for bad.</summary>
    internal sealed record Judgement(double Value, string? Comment);
}
