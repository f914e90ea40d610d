using Callwatch.Query;
using Callwatch.Query.Running;
using Callwatch.Testing;
using Microsoft.Extensions.Options;
using Xunit;

namespace Callwatch.Tests.Query;

public sealed class QueryGateTests : IDisposable
{
    private readonly QueryWorld world = new(seed: 12, chunks: 1);
    private readonly ManualTime time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task A_question_whose_time_is_up_stops_and_gives_its_place_back()
    {
        using var gate = Gate(atOnce: 1);
        var question = new Endless();
        var asked = gate.AnswerAsync(new ReadScope(1), question.Ask, Cancel);
        await question.Began;
        // No transaction outlives this.
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.IsType<Answer<string>.TooMuch>(await asked);
        Assert.Equal((0, 0), (gate.Running, gate.Waiting));
        Assert.Equal("now", await gate.RunAsync(new ReadScope(1), _ => "now", Cancel));
    }

    [Fact]
    public async Task A_question_whose_asker_has_gone_stops_and_gives_its_place_back()
    {
        using var gate = Gate(atOnce: 1);
        using var gone = new CancellationTokenSource();
        var question = new Endless();
        var asked = gate.AnswerAsync(new ReadScope(1), question.Ask, gone.Token);
        await question.Began;
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.Equal("now", await gate.RunAsync(new ReadScope(1), _ => "now", Cancel));
    }

    [Fact]
    public async Task Who_gives_up_waiting_waits_no_longer()
    {
        using var gate = Gate(atOnce: 1);
        using var gone = new CancellationTokenSource();
        var (first, asked) = Hold(gate, tenant: 1);
        await first.Began;
        var second = gate.RunAsync(new ReadScope(1), _ => "never", gone.Token);
        Assert.Equal(1, gate.Waiting);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.Equal((1, 0), (gate.Running, gate.Waiting));
        first.End();
        await asked;
    }

    [Fact]
    public async Task Slow_questions_of_one_tenant_do_not_keep_another_waiting()
    {
        using var gate = Gate(atOnce: 2);
        Assert.Equal("here", await gate.RunAsync(new ReadScope(2), _ => "here", Cancel));
        List<(Held Question, Task Asked)> slow = [.. Enumerable.Range(0, 6).Select(_ => Hold(gate, tenant: 1))];
        await slow[0].Question.Began;

        // One place is left for the other tenant, however much the first one asks.
        Assert.Equal((1, 5), (gate.Running, gate.Waiting));
        for (var i = 0; i < 20; i++) Assert.Equal("quick", await gate.RunAsync(new ReadScope(2), _ => "quick", Cancel));
        Assert.Equal((1, 5), (gate.Running, gate.Waiting));
        foreach (var (question, asked) in slow)
        {
            question.End();
            await asked;
        }
    }

    [Fact]
    public async Task Several_tenants_come_in_turn()
    {
        using var gate = Gate(atOnce: 1);
        var order = new List<int>();
        var (first, asked) = Hold(gate, tenant: 9);
        await first.Began;
        List<Task> all = [];
        foreach (var tenant in (int[])[1, 1, 1, 2, 3])
        {
            all.Add(gate.RunAsync(new ReadScope(tenant), _ =>
            {
                lock (order) order.Add(tenant);
                return "";
            }, Cancel));
        }

        first.End();
        await Task.WhenAll([asked, .. all]);
        Assert.Equal([1, 2, 3, 1, 1], order);
    }

    [Fact]
    public async Task Past_the_bound_a_question_is_refused_at_once_and_told_when_to_come_back()
    {
        using var gate = Gate(atOnce: 1, mostWaiting: 2);
        var (first, asked) = Hold(gate, tenant: 1);
        await first.Began;
        var waiting = Enumerable.Range(0, 2).Select(_ => gate.AnswerAsync(new ReadScope(1), Quick, Cancel)).ToList();

        var refused = Assert.IsType<Answer<string>.TooMuch>(await gate.AnswerAsync(new ReadScope(1), Quick, Cancel));
        Assert.True(refused.RetryAfter > TimeSpan.Zero);
        first.End();
        await asked;
        Assert.All(await Task.WhenAll(waiting), answer => Assert.IsType<Answer<string>.Found>(answer));
    }

    private static Answer<string> Quick(QueryRun run) => new Answer<string>.Found("");

    private QueryGate Gate(int atOnce, int mostWaiting = 64) =>
        new(world.Store.Folder, time, Options.Create(new QueryOptions { MaxAtOnce = atOnce, MaxWaiting = mostWaiting }));

    private static (Held Question, Task Asked) Hold(QueryGate gate, int tenant)
    {
        var held = new Held();
        return (held, gate.RunAsync(new ReadScope(tenant), held.Ask, Cancel));
    }

    /// <summary>Answers when it is told to.</summary>
    private sealed class Held
    {
        private readonly TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly object gate = new();
        private bool ended;

        public Task Began => began.Task;

        public string Ask(QueryRun _)
        {
            began.TrySetResult();
            lock (gate)
                while (!ended) Monitor.Wait(gate);
            return "held";
        }

        public void End()
        {
            lock (gate)
            {
                ended = true;
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>SQLite at work that ends only when it is stopped.</summary>
    private sealed class Endless
    {
        private readonly TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Began => began.Task;

        public Answer<string> Ask(QueryRun run)
        {
            using var open = run.Open(run.Partitions[0])!;
            using var command = open.Reader.Command("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n");
            began.SetResult();
            return new Answer<string>.Found(command.ExecuteScalar()!.ToString()!);
        }
    }
}
