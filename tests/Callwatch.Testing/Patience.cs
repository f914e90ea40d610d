namespace Callwatch.Testing;

/// <summary>
/// How long a test waits for what another thread or process does before it says that this never happens. So long that a machine with a
/// hundred other things to do gets there, because nobody waits as long as this but for a fault.
/// </summary>
public static class Patience
{
    public static TimeSpan Long { get; } = TimeSpan.FromMinutes(5);

    /// <summary>The task's answer, or what never happened.</summary>
    public static async Task<T> WithPatience<T>(this Task<T> task, string what)
    {
        await ((Task)task).WithPatience(what);
        return await task;
    }

    public static async Task WithPatience(this Task task, string what)
    {
        try
        {
            await task.WaitAsync(Long);
        }
        catch (TimeoutException e) when (!task.IsCompleted)
        {
            throw new TimeoutException("Never happened: " + what, e);
        }
    }
}
