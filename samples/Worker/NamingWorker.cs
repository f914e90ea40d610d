using Callwatch.Client.Jobs;
using Callwatch.Client.Records;
using OpenAI.Chat;
using Samples.Shared;

namespace Samples.Worker;

/// <summary>Takes conversations from the queue and gives them names.</summary>
internal sealed partial class NamingWorker(JobQueue jobs, ChatClient model, Database database, ICallwatchRecorder recorder, TimeProvider time, ILogger<NamingWorker> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            if (await jobs.TakeAsync(stoppingToken) is { } envelope) await RunAsync(envelope, stoppingToken);
            else await Task.Delay(Pause, time, stoppingToken);
        }
    }

    private async Task RunAsync(Envelope<NamingOrder> envelope, CancellationToken cancel)
    {
        try
        {
            // In the trace of the request that gave the order: in another process, and some time ago.
            await envelope.RunAsync("name conversation", NameAsync, cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            NotNamed(envelope.Item.Conversation, e);
        }
    }

    private async Task NameAsync(NamingOrder order, CancellationToken cancel)
    {
        var timer = RecordTimer.Start();
        await using var connection = await database.OpenAsync(cancel);
        await using var read = connection.Command("SELECT asked FROM messages WHERE id = @id", ("id", order.Message));
        var asked = (string?)await read.ExecuteScalarAsync(cancel) ?? "";
        ChatCompletion answer = await model.CompleteChatAsync([new SystemChatMessage("Name the conversation."), new UserChatMessage(asked)], cancellationToken: cancel);
        var name = answer.Content[0].Text;
        await using var write = connection.Command("INSERT INTO conversations (id, name) VALUES (@id, @name) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            ("id", order.Conversation), ("name", name));
        await write.ExecuteNonQueryAsync(cancel);

        recorder.Record(new ConversationNameRecord
        {
            ConversationId = order.Conversation,
            StartTime = timer.StartTime,
            EndTime = timer.EndTime,
            Inputs = asked,
            Outputs = name,
            Model = answer.Model,
            ResponseId = answer.Id,
            Usage = new RecordUsage { InputTokens = answer.Usage.InputTokenCount, OutputTokens = answer.Usage.OutputTokenCount },
        });
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "Conversation {Conversation} could not be named")]
    private partial void NotNamed(string conversation, Exception error);
}
