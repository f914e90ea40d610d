using System.ClientModel;
using System.Text;
using Callwatch.Client.Records;
using OpenAI.Chat;
using Samples.Shared;

namespace Samples.Chat;

/// <summary>What somebody asks.</summary>
internal sealed record Question(string Text, string? User);

/// <summary>One question and its answer, passed on as it comes.</summary>
internal sealed partial class ChatTurn(ChatClient model, Conversations conversations, JobQueue jobs, ICallwatchRecorder recorder, ILogger<ChatTurn> log)
{
    public async Task AnswerAsync(string conversation, Question question, HttpResponse response, CancellationToken cancel)
    {
        var message = Guid.CreateVersion7().ToString();
        response.Headers["X-Message-Id"] = message;
        response.ContentType = "text/plain; charset=utf-8";

        var timer = RecordTimer.Start();
        var answer = new StringBuilder();
        StreamingChatCompletionUpdate? last = null;
        string? error = null;
        try
        {
            var history = await conversations.HistoryAsync(conversation, cancel);
            await foreach (var update in model.CompleteChatStreamingAsync([.. history, new UserChatMessage(question.Text)], cancellationToken: cancel))
            {
                foreach (var part in update.ContentUpdate)
                {
                    answer.Append(part.Text);
                    await response.WriteAsync(part.Text, cancel);
                    await response.Body.FlushAsync(cancel);
                }

                last = update;
            }

            await conversations.AddAsync(message, conversation, question.Text, answer.ToString(), cancel);

            // Another service thinks of a name.
            if (history.Count == 0) await jobs.PutAsync(new NamingOrder(conversation, message), cancel);
        }
        // The second is what OpenAI's library throws when it has tried again.
        catch (Exception e) when (e is ClientResultException or AggregateException)
        {
            error = e.Message;
            ModelFailed(e);
            if (!response.HasStarted) response.StatusCode = StatusCodes.Status502BadGateway;
        }
        finally
        {
            // The business's view of it: one message. The call that was seen on its way to the model is counted once.
            recorder.Record(new MessageRecord
            {
                MessageId = message,
                ConversationId = conversation,
                UserId = question.User,
                StartTime = timer.StartTime,
                EndTime = timer.EndTime,
                Inputs = question.Text,
                Outputs = answer.ToString(),
                Error = error,
                Model = last?.Model,
                ResponseId = last?.CompletionId,
                Streaming = true,
                Usage = last?.Usage is { } used ? new RecordUsage { InputTokens = used.InputTokenCount, OutputTokens = used.OutputTokenCount } : null,
            });
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Error, Message = "The model could not answer")]
    private partial void ModelFailed(Exception error);
}
